// Everybody in a recording, each put together from tracks.
#pragma once

#include <cstdint>
#include <vector>

#include "pose/body_distance.hpp"
#include "pose/follower.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

struct Followed {
  std::vector<Sighting> sightings;  // in the order of the files
  Presence presence;
};

// The people in a recording, longest and largest first (Presence::rank); those seen rarely
// (Presence::rare) are left out. Tracks in which two people are seen in one file are never joined,
// so nobody is exchanged for somebody who was in the image all along. Others are joined nearest
// first: those within `reach`, and at the end, as there is nobody else left, those out of it. A
// short track that had been joined to one of two others, but is seen together with the other one,
// does not keep those two apart: it is left out. Time and memory are linear in the number of
// detections.
std::vector<Followed> join_tracks(const std::vector<Track>& tracks,
                                  const std::vector<std::vector<Person>>& files,
                                  const std::vector<std::int64_t>& numbers);

}  // namespace minet::pose
