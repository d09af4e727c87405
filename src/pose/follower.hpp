// Follows everybody in a recording from frame to frame, by position and by a tracker's ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "pose/body_distance.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

struct Sighting {
  std::size_t file = 0;
  int index = 0;  // among the file's people
};

// One person's detections and ids.
struct Track {
  std::vector<Sighting> sightings;  // in the order of the files
  std::map<int, std::int64_t> ids;  // id -> detections
  const Person* last = nullptr;
  std::int64_t last_number = 0;
  double size = 0;
  Presence presence;
};

// Continues each track with its nearest detection, nearest pairs first; other detections start new
// tracks. With ids, a track reaches further the longer it was lost (`reach`, up to kLongestLoss).
// Without, it never reaches the neighbour's seat; join_tracks() connects the tracks of a person who
// moves, once the whole recording is known.
class Follower {
 public:
  explicit Follower(bool has_ids) : has_ids_(has_ids) {}
  void see(const std::vector<Person>& people, std::size_t file, std::int64_t number);
  const std::vector<Track>& tracks() const { return tracks_; }

 private:
  struct Step;
  std::vector<Step> possible_steps(const std::vector<Person>& people, std::int64_t number) const;
  bool in_reach(const Track& track, double distance, std::int64_t number) const;
  void take(std::size_t track, const std::vector<Person>& people, int p, std::size_t file,
            std::int64_t number);
  int twin_of(const std::vector<Person>& people, std::size_t p,
              const std::vector<int>& track_of) const;
  void forget_some();

  bool has_ids_;
  std::vector<Track> tracks_;
  std::vector<std::size_t> live_;
  std::map<int, std::size_t> owner_;  // id -> the track that had it last
};

}  // namespace minet::pose
