#include "evaluation/labels.hpp"

#include <algorithm>
#include <set>

#include "minet/corpus/instruments.hpp"

namespace minet::evaluation {
namespace {

const corpus::Track& track_of(const clips::TrackStore& store, const clips::Clip& clip) {
  return store.tracks()[static_cast<std::size_t>(clip.track)];
}

std::string group_name(const corpus::Track& track) {
  return track.group.empty() ? "track " + track.id : "group " + track.group;
}

}  // namespace

Labels::Labels(const corpus::Corpus& corpus) : instruments_(corpus::read_instruments(corpus)) {
  std::set<std::string> names;
  for (const auto& [track, name] : instruments_) names.insert(name);
  names_.assign(names.begin(), names.end());
}

std::int64_t Labels::of(const corpus::Track& track) const {
  const auto found = instruments_.find(track.id);
  if (found == instruments_.end()) return -1;
  return std::lower_bound(names_.begin(), names_.end(), found->second) - names_.begin();
}

std::vector<std::int64_t> Labels::of(const clips::TrackStore& store,
                                     const std::vector<clips::Clip>& clips) const {
  std::vector<std::int64_t> labels;
  for (const clips::Clip& clip : clips) labels.push_back(of(track_of(store, clip)));
  return labels;
}

std::vector<std::int64_t> groups_of(const corpus::Corpus& corpus, const clips::TrackStore& store,
                                    const std::vector<clips::Clip>& clips) {
  std::map<std::string, std::int64_t> numbers;
  for (const corpus::Track& track : corpus.tracks()) {
    numbers.emplace(group_name(track), static_cast<std::int64_t>(numbers.size()));
  }
  std::vector<std::int64_t> groups;
  for (const clips::Clip& clip : clips) {
    groups.push_back(numbers.at(group_name(track_of(store, clip))));
  }
  return groups;
}

}  // namespace minet::evaluation
