#include "pose/follower.hpp"

#include <algorithm>

namespace minet::pose {
namespace {

// Two detections at most this far apart, relative to the body's size, are one person who is listed
// twice.
constexpr double kSamePlace = 0.1;
// Without ids, a track continues at most this far away, relative to the body's size. Neighbours who
// sit shoulder to shoulder are 0.55 apart.
constexpr double kSameSeat = 0.4;
constexpr std::size_t kMostLive = 200;  // active tracks; those unseen for longest are dropped

// How well a detection matches a track, best first.
enum class Rank {
  same_id,      // same id, within reach
  place,        // within reach, without an id or with a new one
  swapped,      // within reach, but with an id of a different track
  far_same_id,  // same id, out of reach: a cut in the video, or a fast move
};

}  // namespace

struct Follower::Step {
  Rank rank;
  double distance;
  std::size_t track;
  int person;
};

void Follower::see(const std::vector<Person>& people, std::size_t file, std::int64_t number) {
  std::vector<Step> steps = possible_steps(people, number);
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return std::pair(a.rank, a.distance) < std::pair(b.rank, b.distance);
  });
  std::vector<int> track_of(people.size(), -1);
  for (const Step& step : steps) {
    int& owner = track_of[static_cast<std::size_t>(step.person)];
    if (owner < 0 && tracks_[step.track].last_number < number) {
      owner = static_cast<int>(step.track);
      take(step.track, people, step.person, file, number);
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
    take(tracks_.size() - 1, people, static_cast<int>(p), file, number);
  }
  forget_some();
}

bool Follower::in_reach(const Track& track, double distance, std::int64_t number) const {
  if (!has_ids_) return distance <= kSameSeat * track.size;
  return distance <= reach(track.size, std::min(number - track.last_number, kLongestLoss));
}

std::vector<Follower::Step> Follower::possible_steps(const std::vector<Person>& people,
                                                     std::int64_t number) const {
  std::vector<Step> steps;
  for (const std::size_t t : live_) {
    const Track& track = tracks_[t];
    for (std::size_t p = 0; p < people.size(); ++p) {
      const double d = distance(*track.last, people[p]);
      const bool near = in_reach(track, d, number);
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

void Follower::take(std::size_t index, const std::vector<Person>& people, int p, std::size_t file,
                    std::int64_t number) {
  const Person& person = people[static_cast<std::size_t>(p)];
  Track& track = tracks_[index];
  track.sightings.push_back({file, p});
  track.last = &person;
  track.last_number = number;
  track.size = size_after(track.size, person);
  track.presence.add(person);
  if (person.id >= 0) {
    owner_[person.id] = index;
    ++track.ids[person.id];
  }
}

// The track continued in this frame of which person p is a duplicate; -1: none.
int Follower::twin_of(const std::vector<Person>& people, std::size_t p,
                      const std::vector<int>& track_of) const {
  for (std::size_t other = 0; other < people.size(); ++other) {
    if (other == p || track_of[other] < 0) continue;
    const double d = distance(people[other], people[p]);
    if (d <= kSamePlace * body_size(people[other])) return track_of[other];
  }
  return -1;
}

void Follower::forget_some() {
  if (live_.size() <= kMostLive) return;
  std::stable_sort(live_.begin(), live_.end(), [&](std::size_t a, std::size_t b) {
    return tracks_[a].last_number > tracks_[b].last_number;
  });
  live_.resize(kMostLive);
}

}  // namespace minet::pose
