// Audio fingerprint by landmarks: pairs of spectral peaks, after Wang, "An industrial-strength
// audio search algorithm", ISMIR 2003 (https://www.ee.columbia.edu/~dpwe/papers/Wang03-shazam.pdf).
//
// Peaks are where a player's partials are loudest, so they survive gain, noise and compression; a
// pair does not depend on where an excerpt begins. Omitted: changes of a recording's speed or
// pitch. Two players of one tune share some pairs as well, so the results are only candidates, and
// same_take.hpp decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace minet::corpus {

inline constexpr std::int64_t kLandmarkHop = 512;  // samples at 16 kHz: 32 ms

struct Landmark {
  std::uint32_t hash = 0;   // both frequencies and the time between them
  std::uint32_t frame = 0;  // of the first peak
};

// The landmarks of a sound at 16 kHz: about 40 per second of music, few of a tone, none of silence.
std::vector<Landmark> find_landmarks(std::span<const float> samples);

// Two tracks that may hold the same recording: first[t] = second[t + lag].
struct Candidate {
  std::size_t first = 0, second = 0;  // indices of tracks; first < second
  std::int64_t lag = 0;               // frames
  std::vector<std::uint32_t> hits;    // frames of `first`, in order
};

// All tracks' landmarks, sorted by hash: 8 bytes each. A query costs what its own landmarks match,
// and very common hashes are skipped, so that the total is linear in the corpus.
class LandmarkIndex {
 public:
  // `side`: a number for each track's split.
  LandmarkIndex(const std::vector<std::vector<Landmark>>& tracks, std::vector<int> side);
  // The most likely partners of track `place` among the tracks before it: at most `kPartners` on
  // its own side and as many on the other. Thread-safe.
  std::vector<Candidate> candidates(std::size_t place) const;

  static constexpr std::size_t kPartners = 8;

 private:
  struct Entry {
    std::uint32_t hash, position;  // position: frame, counted through all tracks
  };
  const std::vector<std::vector<Landmark>>& tracks_;
  std::vector<int> side_;
  std::vector<std::uint32_t> starts_;  // of each track's frames
  std::vector<Entry> entries_;
};

}  // namespace minet::corpus
