// Follows everybody who is detected, from frame to frame.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "pose/body_distance.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

// `reach` stops growing after this many frames: later and elsewhere, it is somebody else.
inline constexpr std::int64_t kLongestLoss = 10;

// One person's detections and ids.
struct Track {
  std::vector<std::pair<std::size_t, int>> places;  // file, index among its people
  std::map<int, std::int64_t> ids;                  // a tracker's id -> detections
  const Person *first = nullptr, *last = nullptr;
  std::int64_t first_number = 0, last_number = 0;
  double size = 0;
  Presence presence;
};

// Nearest pairs first, so that a person who is not seen for a while is not exchanged for a
// neighbour who is. The people given to `see` must outlive the follower.
class Follower {
 public:
  void see(const std::vector<Person>& people, std::size_t file, std::int64_t number);
  const std::vector<Track>& tracks() const {
    return tracks_;
  }  // in the order of their first frames

 private:
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

  std::vector<Step> possible_steps(const std::vector<Person>& people, std::int64_t number) const;
  void take(std::size_t track, const std::vector<Person>& people, int p, std::size_t file,
            std::int64_t number);
  int twin_of(const std::vector<Person>& people, std::size_t p,
              const std::vector<int>& track_of) const;
  void forget_some();

  std::vector<Track> tracks_;
  std::vector<std::size_t> live_;
  std::map<int, std::size_t> owner_;  // id -> the track that had it last
};

}  // namespace minet::pose
