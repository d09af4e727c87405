#include "pose/tracked_people.hpp"

#include <map>
#include <set>
#include <string>

#include "pose/body_distance.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

// Two detections at most this far apart, relative to the body's size, are one person whom the
// tracker lists twice.
constexpr double kSamePlace = 0.1;
// `reach` stops growing after this many frames: later and elsewhere, it is somebody else.
constexpr std::int64_t kLongestLoss = 10;
constexpr std::size_t kMostLive = 200;  // active tracks; those unseen for longest are dropped

// One person's detections and ids.
struct Track {
  std::vector<std::pair<std::size_t, int>> places;  // file, index among its people
  std::map<int, std::int64_t> ids;                  // id -> detections
  const Person* last = nullptr;
  std::int64_t last_number = 0;
  double size = 0;
  Presence presence;
};

// How well a detection matches a track, best first.
enum class Rank {
  same_id,      // same id, within reach
  place,        // within reach, without an id or with a new one
  swapped,      // within reach, but with an id of a different track
  far_same_id,  // same id, out of reach: a cut in the video, or a fast move
};

struct Step {
  Rank rank;
  double distance;
  std::size_t track;
  int person;
};

class Follower {
 public:
  void see(const std::vector<Person>& people, std::size_t file, std::int64_t number) {
    std::vector<Step> steps = possible_steps(people, number);
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
      return std::pair(a.rank, a.distance) < std::pair(b.rank, b.distance);
    });
    std::vector<int> track_of(people.size(), -1);
    for (const Step& step : steps) {
      int& owner = track_of[static_cast<std::size_t>(step.person)];
      if (owner < 0 && tracks_[step.track].last_number < number) {
        owner = static_cast<int>(step.track);
        take(tracks_[step.track], step.track, people, step.person, file, number);
      }
    }
    for (std::size_t p = 0; p < people.size(); ++p) {
      if (track_of[p] >= 0) continue;
      const int twin = twin_of(people, p, track_of);
      if (twin >= 0) {  // from now on its id belongs to that track
        if (people[p].id >= 0) owner_[people[p].id] = static_cast<std::size_t>(twin);
        continue;
      }
      tracks_.emplace_back();
      live_.push_back(tracks_.size() - 1);
      track_of[p] = static_cast<int>(tracks_.size() - 1);
      take(tracks_.back(), tracks_.size() - 1, people, static_cast<int>(p), file, number);
    }
    forget_some();
  }
  const std::vector<Track>& tracks() const { return tracks_; }

 private:
  std::vector<Step> possible_steps(const std::vector<Person>& people, std::int64_t number) const {
    std::vector<Step> steps;
    for (const std::size_t t : live_) {
      const Track& track = tracks_[t];
      for (std::size_t p = 0; p < people.size(); ++p) {
        const double d = distance(*track.last, people[p]);
        const std::int64_t passed = std::min(number - track.last_number, kLongestLoss);
        const bool near = d <= reach(track.size, passed);
        const auto owner = people[p].id < 0 ? owner_.end() : owner_.find(people[p].id);
        const bool same = owner != owner_.end() && owner->second == t;
        if (!near && !same) continue;
        const Rank rank = same                    ? (near ? Rank::same_id : Rank::far_same_id)
                          : owner == owner_.end() ? Rank::place
                                                  : Rank::swapped;
        steps.push_back({rank, d, t, static_cast<int>(p)});
      }
    }
    return steps;
  }

  void take(Track& track, std::size_t index, const std::vector<Person>& people, int p,
            std::size_t file, std::int64_t number) {
    const Person& person = people[static_cast<std::size_t>(p)];
    track.places.emplace_back(file, p);
    track.last = &person;
    track.last_number = number;
    track.size = std::max(body_size(person), 0.5 * track.size);
    track.presence.add(person);
    if (person.id >= 0) {
      owner_[person.id] = index;
      ++track.ids[person.id];
    }
  }

  // The track continued in this frame of which person p is a duplicate; -1: none.
  int twin_of(const std::vector<Person>& people, std::size_t p,
              const std::vector<int>& track_of) const {
    for (std::size_t other = 0; other < people.size(); ++other) {
      if (other == p || track_of[other] < 0) continue;
      const double d = distance(people[other], people[p]);
      if (d <= kSamePlace * body_size(people[other])) return track_of[other];
    }
    return -1;
  }

  void forget_some() {
    if (live_.size() <= kMostLive) return;
    std::stable_sort(live_.begin(), live_.end(), [&](std::size_t a, std::size_t b) {
      return tracks_[a].last_number > tracks_[b].last_number;
    });
    live_.resize(kMostLive);
  }

  std::vector<Track> tracks_;
  std::vector<std::size_t> live_;
  std::map<int, std::size_t> owner_;  // id -> the track that had it last
};

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
    return *std::max_element(tracks.begin(), tracks.end(), [](const Track& a, const Track& b) {
      return a.presence.rank() < b.presence.rank();
    });
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
  Follower follower;
  for (std::size_t i = 0; i < files.size(); ++i) follower.see(files[i], i, numbers[i]);
  const Track& track = player(follower.tracks(), options, source);
  std::vector<int> chosen(files.size(), -1);
  for (const auto& [file, person] : track.places) chosen[file] = person;
  if (track.ids.size() > 1) {
    std::set<int> ids;
    for (const auto& [id, count] : track.ids) ids.insert(id);
    notices.push_back({NoticeKind::identity,
                       text("the tracker's people ", list_of(ids),
                            " are taken as one player, as each begins where another ends")});
  }
  const auto detections = static_cast<std::int64_t>(track.places.size());
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
