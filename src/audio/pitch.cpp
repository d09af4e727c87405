// The most likely path through the pitch candidates of all frames (Viterbi).
#include "minet/audio/pitch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "audio/pitch_candidates.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

constexpr double kLowestPitchHz = 20;
constexpr double kLeastPower = 1e-10;       // -100 dBFS: digital silence and dither
constexpr double kUnvoicedWeight = 0.03;    // weight of the unvoiced state without candidates
constexpr double kGlideSemitones = 0.35;    // scale of the pitch change between frames
constexpr double kLeastProbability = 1e-9;  // keeps logarithms finite

void check(const Sound& sound, const PitchOptions& options) {
  const double top = sound.sample_rate / 4.0;
  if (!(options.lowest_hz >= kLowestPitchHz && options.highest_hz <= top &&
        options.highest_hz >= 2 * options.lowest_hz)) {
    throw InputError(text("expected a pitch range of an octave or more between ", kLowestPitchHz,
                          " and ", top, " Hz (a quarter of the sample rate), got ",
                          options.lowest_hz, " to ", options.highest_hz, " Hz"));
  }
  if (options.hop < 1) {
    throw InputError(text("expected a hop of at least 1 sample for the pitch, got ", options.hop));
  }
  const auto share = [](double value) { return value > 0 && value < 1; };
  if (!(options.silence_db < 0) || !share(options.leap) || !share(options.switching)) {
    throw InputError(
        text("expected silence_db below 0 and leap and switching between 0 and "
             "1 for the pitch, got ",
             options.silence_db, ", ", options.leap, " and ", options.switching));
  }
}

struct Frame {
  std::vector<PitchCandidate> candidates;
  double power = 0;
};

// State 0 is unvoiced, state i > 0 is candidate i - 1.
struct Node {
  double score = 0;
  int previous = 0;
};

class Path {
 public:
  explicit Path(const PitchOptions& options)
      : jump_(std::log(options.leap)),
        switch_(std::log(options.switching)),
        stay_(std::log(1 - options.switching)) {}

  // The pitch of each frame, 0 = unvoiced.
  std::vector<float> best(const std::vector<Frame>& frames) const {
    std::vector<std::vector<Node>> nodes(frames.size());
    for (std::size_t t = 0; t < frames.size(); ++t) {
      const auto& candidates = frames[t].candidates;
      double voiced = 0;
      for (const PitchCandidate& candidate : candidates) voiced += candidate.probability;
      nodes[t].resize(candidates.size() + 1);
      for (std::size_t i = 0; i < nodes[t].size(); ++i) {
        const double probability =
            i == 0 ? kUnvoicedWeight * (1 - voiced) : candidates[i - 1].probability;
        Node& node = nodes[t][i];
        node.score = std::log(std::max(probability, kLeastProbability));
        if (t > 0) enter(frames[t - 1], nodes[t - 1], i == 0 ? 0 : candidates[i - 1].hz, node);
      }
    }
    std::vector<float> hz(frames.size());
    std::size_t state = 0;
    for (std::size_t t = frames.size(); t-- > 0;) {
      if (t + 1 == frames.size()) {
        const auto by_score = [](const Node& a, const Node& b) { return a.score < b.score; };
        state = static_cast<std::size_t>(
            std::max_element(nodes[t].begin(), nodes[t].end(), by_score) - nodes[t].begin());
      }
      hz[t] = state == 0 ? 0.0F : static_cast<float>(frames[t].candidates[state - 1].hz);
      state = static_cast<std::size_t>(nodes[t][state].previous);
    }
    return hz;
  }

 private:
  // Adds the best transition from the frame before to `node`, whose pitch is hz (0: unvoiced).
  void enter(const Frame& before, const std::vector<Node>& from, double hz, Node& node) const {
    double best = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < from.size(); ++j) {
      double score = from[j].score;
      if ((j == 0) != (hz == 0)) {
        score += switch_;
      } else if (j == 0) {
        score += stay_;
      } else {
        const double semitones = 12 * std::abs(std::log2(hz / before.candidates[j - 1].hz));
        score += stay_ + std::max(-semitones / kGlideSemitones, jump_);
      }
      if (score > best) {
        best = score;
        node.previous = static_cast<int>(j);
      }
    }
    node.score += best;
  }

  double jump_, switch_, stay_;
};

}  // namespace

PitchTrack track_pitch(const Sound& sound, const PitchOptions& options) {
  check(sound, options);
  PitchCandidates finder(sound.sample_rate, options.lowest_hz, options.highest_hz);
  const auto count = static_cast<std::int64_t>(sound.samples.size());
  std::vector<Frame> frames(static_cast<std::size_t>(count / options.hop + 1));
  double loudest = 0;
  for (std::size_t t = 0; t < frames.size(); ++t) {
    frames[t].candidates =
        finder.of_frame(sound.samples, static_cast<std::int64_t>(t) * options.hop, frames[t].power);
    loudest = std::max(loudest, frames[t].power);
  }
  const double least = std::max(kLeastPower, loudest * std::pow(10, options.silence_db / 10));
  PitchTrack track;
  track.hop_s = static_cast<double>(options.hop) / sound.sample_rate;
  for (Frame& frame : frames) {
    if (frame.power < least) frame.candidates.clear();
    double voiced = 0;
    for (const PitchCandidate& candidate : frame.candidates) voiced += candidate.probability;
    track.voicing.push_back(static_cast<float>(std::min(1.0, voiced)));
  }
  track.hz = Path(options).best(frames);
  return track;
}

}  // namespace minet::audio
