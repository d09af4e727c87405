// Magnitude spectrograms, and the log scale on which the networks see them.
//
// Magnitudes are |STFT| as it comes (no scaling), the Nyquist bin dropped. The scale's numbers are
// estimated over a corpus's training tracks and live in the checkpoint.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "minet/audio/sound.hpp"
#include "minet/config/train_config.hpp"

namespace minet::audio {

struct Spectrogram {
  std::int64_t frames = 0;
  std::int64_t bins = 0;
  std::vector<float> values;  // [T, F], frame after frame
};

// [samples / hop + 1, bins]. InputError if the sound's rate is not the configuration's.
Spectrogram magnitude(const Sound& sound, const config::SpectrogramConfig& config);

// A clip is a slice of its track's spectrogram. These are the samples of the track that the frames
// first_frame .. first_frame + frames - 1 see, including margins of n_fft / 2 on both sides.
// They may be outside the track:
// read_sound_segment returns zeros there.
struct SampleRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
SampleRange samples_of_frames(std::int64_t first_frame, std::int64_t frames,
                              const config::SpectrogramConfig& config);

// The frames of exactly such samples: equal to the slice of the track's magnitude().
Spectrogram magnitude_of_frames(std::span<const float> samples_with_margin,
                                const config::SpectrogramConfig& config);

// decibel: v = (20 log10(max(m, floor) / reference) - mean) / deviation, where floor is floor_db
// under the reference. log1p: v = (ln(1 + m) - mean) / deviation.
struct SpectrogramScale {
  config::LogScale kind = config::LogScale::decibel;
  double reference = 1;   // the largest magnitude of the corpus
  double floor_db = -80;  // under the reference; decibel only
  double mean = 0;
  double deviation = 1;
};

// In place. Vectorised logarithm and exponential, right to 1e-6 in v and relatively in m.
void to_log(const SpectrogramScale& scale, std::span<float> magnitudes);

// In place, the inverse of to_log above the floor. What is less than half a decibel above the
// floor, or under it, becomes 0, so that silence comes back silent and not as a hiss at the floor.
void to_linear(const SpectrogramScale& scale, std::span<float> values);

// Estimates a scale in two passes over the magnitudes of the training tracks: first all maxima,
// then all values. Deterministic for the same order of calls. A corpus without sound or without
// variation gives reference 1 or deviation 1.
class ScaleEstimator {
 public:
  explicit ScaleEstimator(config::LogScale kind, double floor_db = -80);
  explicit ScaleEstimator(const config::SpectrogramConfig& config)
      : ScaleEstimator(config.scale, config.floor_db) {}
  void see_maximum(std::span<const float> magnitudes);
  void see_values(std::span<const float> magnitudes);
  // What others saw of other tracks, as if it had been seen here. An estimator that is to see
  // values must know the maximum of all tracks.
  void join_maximum(const ScaleEstimator& other);
  void join_values(const ScaleEstimator& other);
  SpectrogramScale finish() const;  // WorkError if no values were seen

 private:
  SpectrogramScale raw_;  // mean 0, deviation 1
  bool values_seen_ = false;
  double count_ = 0, sum_ = 0, squares_ = 0;
  std::vector<float> buffer_;
};

// 20 log10(|target - estimate| / |target|), Frobenius norms, within [-200, 200]. The estimate may
// have more frames than the target: the first ones are compared.
double spectral_convergence_db(const Spectrogram& target, const Spectrogram& estimate);

}  // namespace minet::audio
