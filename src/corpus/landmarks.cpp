// Spectrogram peaks -> pairs -> an index that is searched track by track.
#include "corpus/landmarks.hpp"

#include <algorithm>
#include <cmath>

#include "minet/audio/stft.hpp"
#include "minet/core/errors.hpp"

namespace minet::corpus {
namespace {

constexpr std::int64_t kFft = 4096;                     // samples: 256 ms, 3.9 Hz per bin
constexpr std::int64_t kLowBin = 20, kHighBin = 1024;   // 78 Hz to 4 kHz
constexpr std::int64_t kTimeReach = 12, kBinReach = 8;  // a peak's neighbourhood: 0.38 s, 31 Hz
constexpr double kRangeDb = 50;                         // bins further below the loudest: no peaks
constexpr std::int64_t kBlock = 31;                     // frames: about a second
constexpr std::size_t kPeaksInBlock = 10;               // only the strongest
constexpr int kFan = 5;                                 // pairs starting at a peak
constexpr std::int64_t kMinGap = 2, kMaxGap = 63;       // frames between the peaks of a pair
constexpr std::int64_t kMaxStep = 255;                  // bins
constexpr std::size_t kCommonHash = 200;                // a hash with more entries is uninformative
constexpr std::size_t kMinHits = 8;                     // needed for a candidate

struct Peak {
  std::int64_t frame = 0, bin = 0;
  float power = 0;
};

class Picture {
 public:
  explicit Picture(std::span<const float> samples) {
    const audio::Stft stft({.n_fft = kFft, .hop = kLandmarkHop});
    frames_ = stft.frames_of(static_cast<std::int64_t>(samples.size()));
    values_.resize(static_cast<std::size_t>(frames_ * kHighBin));
    stft.magnitudes(samples, kHighBin, values_);
  }
  std::int64_t frames() const { return frames_; }
  float at(std::int64_t frame, std::int64_t bin) const {
    return values_[static_cast<std::size_t>(frame * kHighBin + bin)];
  }
  float loudest() const {
    float most = 0;
    for (std::int64_t frame = 0; frame < frames_; ++frame) {
      for (std::int64_t bin = kLowBin; bin < kHighBin; ++bin) most = std::max(most, at(frame, bin));
    }
    return most;
  }
  // Louder than everything around it. Equal values are no peak, so that a steady tone has none.
  bool is_peak(std::int64_t frame, std::int64_t bin) const {
    const float value = at(frame, bin);
    const std::int64_t first = std::max<std::int64_t>(frame - kTimeReach, 0);
    const std::int64_t last = std::min(frame + kTimeReach, frames_ - 1);
    const std::int64_t low = std::max(bin - kBinReach, kLowBin);
    const std::int64_t high = std::min(bin + kBinReach, kHighBin - 1);
    for (std::int64_t t = first; t <= last; ++t) {
      for (std::int64_t f = low; f <= high; ++f) {
        if (at(t, f) >= value && (t != frame || f != bin)) return false;
      }
    }
    return true;
  }

 private:
  std::int64_t frames_ = 0;
  std::vector<float> values_;
};

// Sorted by frame, then by bin.
std::vector<Peak> find_peaks(const Picture& picture) {
  const float floor = picture.loudest() * static_cast<float>(std::pow(10.0, -kRangeDb / 20));
  std::vector<Peak> peaks;
  if (!(floor > 0)) return peaks;
  for (std::int64_t block = 0; block < picture.frames(); block += kBlock) {
    std::vector<Peak> found;
    const std::int64_t end = std::min(block + kBlock, picture.frames());
    for (std::int64_t frame = block; frame < end; ++frame) {
      for (std::int64_t bin = kLowBin + 1; bin < kHighBin - 1; ++bin) {
        const float value = picture.at(frame, bin);
        if (value <= floor || value <= picture.at(frame, bin - 1) ||
            value <= picture.at(frame, bin + 1) ||
            (frame > 0 && value <= picture.at(frame - 1, bin)) ||
            (frame + 1 < picture.frames() && value <= picture.at(frame + 1, bin))) {
          continue;  // most bins end here
        }
        if (picture.is_peak(frame, bin)) found.push_back({frame, bin, value});
      }
    }
    if (found.size() > kPeaksInBlock) {
      std::stable_sort(found.begin(), found.end(),
                       [](const Peak& a, const Peak& b) { return a.power > b.power; });
      found.resize(kPeaksInBlock);
      std::sort(found.begin(), found.end(), [](const Peak& a, const Peak& b) {
        return std::pair(a.frame, a.bin) < std::pair(b.frame, b.bin);
      });
    }
    peaks.insert(peaks.end(), found.begin(), found.end());
  }
  return peaks;
}

}  // namespace

std::vector<Landmark> find_landmarks(std::span<const float> samples) {
  const std::vector<Peak> peaks = find_peaks(Picture(samples));
  std::vector<Landmark> landmarks;
  for (std::size_t i = 0; i < peaks.size(); ++i) {
    int pairs = 0;
    for (std::size_t j = i + 1; j < peaks.size() && pairs < kFan; ++j) {
      const std::int64_t gap = peaks[j].frame - peaks[i].frame;
      const std::int64_t step = peaks[j].bin - peaks[i].bin;
      if (gap > kMaxGap) break;
      if (gap < kMinGap || std::abs(step) > kMaxStep) continue;
      landmarks.push_back(
          {static_cast<std::uint32_t>((peaks[i].bin << 15) | ((step + kMaxStep) << 6) | gap),
           static_cast<std::uint32_t>(peaks[i].frame)});
      ++pairs;
    }
  }
  return landmarks;
}

LandmarkIndex::LandmarkIndex(const std::vector<std::vector<Landmark>>& tracks,
                             std::vector<int> side)
    : tracks_(tracks), side_(std::move(side)) {
  std::uint64_t next = 0;
  std::size_t count = 0;
  for (const std::vector<Landmark>& track : tracks) {
    starts_.push_back(static_cast<std::uint32_t>(next));
    next += track.empty() ? 1 : std::uint64_t{track.back().frame} + 1;
    count += track.size();
    if (next > UINT32_MAX) {
      throw InputError("expected a corpus of less than 38000 hours; split it");
    }
  }
  entries_.reserve(count);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    for (const Landmark& mark : tracks[i]) {
      entries_.push_back({mark.hash, starts_[i] + mark.frame});
    }
  }
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.hash, a.position) < std::pair(b.hash, b.position);
  });
}

std::vector<Candidate> LandmarkIndex::candidates(std::size_t place) const {
  struct Hit {
    std::size_t track;
    std::int64_t lag;
    std::uint32_t frame;  // of the other track
  };
  std::vector<Hit> hits;
  for (const Landmark& mark : tracks_[place]) {
    const auto first =
        std::lower_bound(entries_.begin(), entries_.end(), mark.hash,
                         [](const Entry& entry, std::uint32_t hash) { return entry.hash < hash; });
    auto last = first;
    while (last != entries_.end() && last->hash == mark.hash &&
           static_cast<std::size_t>(last - first) <= kCommonHash) {
      ++last;
    }
    if (static_cast<std::size_t>(last - first) > kCommonHash) continue;
    for (auto entry = first; entry != last && entry->position < starts_[place]; ++entry) {
      const auto track = static_cast<std::size_t>(
          std::upper_bound(starts_.begin(), starts_.end(), entry->position) - starts_.begin() - 1);
      const std::uint32_t frame = entry->position - starts_[track];
      hits.push_back({track, std::int64_t{mark.frame} - frame, frame});
    }
  }
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    return std::tuple(a.track, a.lag, a.frame) < std::tuple(b.track, b.lag, b.frame);
  });

  std::vector<Candidate> found;  // the best lag of each partner; neighbouring lags are pooled
  for (std::size_t begin = 0; begin < hits.size();) {
    std::size_t end = begin;
    while (end < hits.size() && hits[end].track == hits[begin].track) ++end;
    std::size_t best_first = begin, best_last = begin, last = begin;
    for (std::size_t first = begin; first < end; ++first) {
      while (last < end && hits[last].lag <= hits[first].lag + 2) ++last;
      if (last - first > best_last - best_first) {
        best_first = first;
        best_last = last;
      }
    }
    if (best_last - best_first >= kMinHits) {
      Candidate candidate{.first = hits[begin].track,
                          .second = place,
                          .lag = hits[best_first + (best_last - best_first) / 2].lag,
                          .hits = {}};
      for (std::size_t i = best_first; i < best_last; ++i) candidate.hits.push_back(hits[i].frame);
      std::sort(candidate.hits.begin(), candidate.hits.end());
      found.push_back(std::move(candidate));
    }
    begin = end;
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return a.hits.size() > b.hits.size();
  });
  std::size_t own = 0, other = 0;
  std::erase_if(found, [&](const Candidate& candidate) {
    std::size_t& count = side_[candidate.first] == side_[place] ? own : other;
    return count++ >= kPartners;
  });
  return found;
}

}  // namespace minet::corpus
