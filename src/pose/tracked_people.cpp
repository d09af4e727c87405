#include "pose/tracked_people.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "minet/core/words.hpp"
#include "pose/checks.hpp"
#include "pose/follower.hpp"

namespace minet::pose {
namespace {

std::string list_of(const std::set<int>& ids) {
  constexpr std::size_t kNamed = 10;
  std::vector<std::string> names;
  for (const int id : ids) names.push_back(text(id));
  return listed(std::move(names), kNamed);
}

// The track that had the requested id most often.
const Track& track_with(int id, const std::vector<Track>& tracks,
                        const std::filesystem::path& source) {
  const auto times = [&](const Track& track) {
    const auto found = track.ids.find(id);
    return found == track.ids.end() ? 0 : found->second;
  };
  const auto best =
      std::max_element(tracks.begin(), tracks.end(),
                       [&](const Track& a, const Track& b) { return times(a) < times(b); });
  if (times(*best) > 0) return *best;
  std::set<int> ids;
  for (const Track& track : tracks) {
    for (const auto& [other, count] : track.ids) ids.insert(other);
  }
  throw InputError(text("expected one of the tracker's people (", list_of(ids), ") of ",
                        shown(source), ", got person ", id, "; choose one of these numbers"));
}

}  // namespace

Followed choose_tracked(const std::vector<std::vector<Person>>& files,
                        const std::vector<std::int64_t>& numbers, const ReadPoseOptions& options,
                        const std::filesystem::path& source, Notices& notices) {
  Follower follower(/*has_ids=*/true);
  for (std::size_t i = 0; i < files.size(); ++i) follower.see(files[i], i, numbers[i]);
  Followed player;
  if (options.person) {
    const Track& track = track_with(*options.person, follower.tracks(), source);
    player = {track.sightings, track.presence};
  } else {
    player = join_tracks(follower.tracks(), files, numbers).front();
  }
  std::set<int> ids;
  std::int64_t without_id = 0;
  for (const Sighting& at : player.sightings) {
    const int id = files[at.file][static_cast<std::size_t>(at.index)].id;
    if (id >= 0) {
      ids.insert(id);
    } else {
      ++without_id;
    }
  }
  if (ids.size() > 1) {
    notices.push_back({NoticeKind::identity,
                       text("the tracker's people ", list_of(ids),
                            " are taken as one player, as each begins where another ends")});
  }
  if (!ids.empty() && without_id > 0) {
    notices.push_back({NoticeKind::identity,
                       text("in ", without_id, " frames the tracker gave the player no number; ",
                            "followed by position"),
                       without_id});
  }
  return player;
}

}  // namespace minet::pose
