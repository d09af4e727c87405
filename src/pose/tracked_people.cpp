#include "pose/tracked_people.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "pose/checks.hpp"
#include "pose/follower.hpp"

namespace minet::pose {
namespace {

std::string list_of(const std::set<int>& ids) {
  constexpr std::size_t kNamed = 10;
  std::string list;
  std::size_t named = 0;
  for (const int id : ids) {
    if (named++ < kNamed) list += text(list.empty() ? "" : ", ", id);
  }
  return list + (ids.size() > kNamed ? ", ..." : "");
}

// The track that had the requested id most often; if none is requested, the longest and largest.
const Track& player(const std::vector<Track>& tracks, const ReadPoseOptions& options,
                    const std::filesystem::path& source) {
  if (!options.person) {
    std::int64_t most = 0;
    for (const Track& track : tracks) most = std::max(most, track.presence.clear);
    const auto rank = [&](const Track& track) {
      return std::pair(!track.presence.rare(most), track.presence.rank());
    };
    return *std::max_element(tracks.begin(), tracks.end(),
                             [&](const Track& a, const Track& b) { return rank(a) < rank(b); });
  }
  const auto times = [&](const Track& track) {
    const auto found = track.ids.find(*options.person);
    return found == track.ids.end() ? 0 : found->second;
  };
  const auto best =
      std::max_element(tracks.begin(), tracks.end(),
                       [&](const Track& a, const Track& b) { return times(a) < times(b); });
  if (times(*best) > 0) return *best;
  std::set<int> ids;
  for (const Track& track : tracks) {
    for (const auto& [id, count] : track.ids) ids.insert(id);
  }
  throw InputError(text("expected one of the tracker's people (", list_of(ids), ") of ",
                        shown(source), ", got person ", *options.person,
                        "; choose one of these numbers"));
}

}  // namespace

std::vector<int> choose_tracked(const std::vector<std::vector<Person>>& files,
                                const std::vector<std::int64_t>& numbers,
                                const ReadPoseOptions& options, const std::filesystem::path& source,
                                Notices& notices) {
  Follower follower(/*has_ids=*/true);
  for (std::size_t i = 0; i < files.size(); ++i) follower.see(files[i], i, numbers[i]);
  const Track& track = player(follower.tracks(), options, source);
  std::vector<int> chosen(files.size(), -1);
  for (const Sighting& at : track.sightings) chosen[at.file] = at.index;
  if (track.ids.size() > 1) {
    std::set<int> ids;
    for (const auto& [id, count] : track.ids) ids.insert(id);
    notices.push_back({NoticeKind::identity,
                       text("the tracker's people ", list_of(ids),
                            " are taken as one player, as each begins where another ends")});
  }
  const auto detections = static_cast<std::int64_t>(track.sightings.size());
  std::int64_t with_id = 0;
  for (const auto& [id, count] : track.ids) with_id += count;
  if (with_id > 0 && with_id < detections) {
    notices.push_back({NoticeKind::identity,
                       text("in ", detections - with_id, " frames the tracker gave the player no ",
                            "number; followed by position"),
                       detections - with_id});
  }
  return chosen;
}

}  // namespace minet::pose
