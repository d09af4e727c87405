// A clip: a stretch of a track, as long as the configuration says (4 s in the paper).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace minet::clips {

struct Clip {
  std::int64_t track = 0;        // index into the split's tracks
  std::int64_t first_frame = 0;  // in frames of the code grid
};

// `count` clips spread evenly over the tracks: the fixed set used for validation. If there are more
// tracks than that, not only the first ones, as tracks are often in the order of instruments.
std::vector<Clip> even_clips(const std::vector<std::int64_t>& track_frames,
                             std::int64_t clip_frames, std::int64_t count);

// For each clip the index of one of another track: half the list further on, or the next such one
// after that. Empty if all clips are of one track.
std::vector<std::size_t> clips_of_others(const std::vector<Clip>& clips);

// Number of frames that at least one of the clips covers: clips of a short split overlap.
std::int64_t distinct_frames(const std::vector<Clip>& clips, std::int64_t clip_frames);

}  // namespace minet::clips
