// Reads the label column, for evaluation only.
#include "minet/corpus/instruments.hpp"

#include "corpus/index.hpp"

namespace minet::corpus {

std::map<std::string, std::string> read_instruments(const Corpus& corpus) {
  std::map<std::string, std::string> instruments;
  for (const IndexEntry& entry : read_index(corpus.root()).entries) {
    if (!entry.instrument.empty()) instruments.emplace(entry.track.id, entry.instrument);
  }
  return instruments;
}

}  // namespace minet::corpus
