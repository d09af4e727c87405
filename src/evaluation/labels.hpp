// The instruments of clips, used for evaluation only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "minet/clips/track_store.hpp"
#include "minet/corpus/corpus.hpp"

namespace minet::evaluation {

class Labels {
 public:
  explicit Labels(const corpus::Corpus& corpus);

  const std::vector<std::string>& names() const { return names_; }  // sorted
  std::int64_t of(const corpus::Track& track) const;                // index into names; -1: none
  std::vector<std::int64_t> of(const clips::TrackStore& store,
                               const std::vector<clips::Clip>& clips) const;

 private:
  std::map<std::string, std::string> instruments_;  // by track
  std::vector<std::string> names_;
};

// A number for each clip's group (its track if it has no group), the same in every store of one
// corpus.
std::vector<std::int64_t> groups_of(const corpus::Corpus& corpus, const clips::TrackStore& store,
                                    const std::vector<clips::Clip>& clips);

}  // namespace minet::evaluation
