// Magnitude spectrograms, and the log scale on which the networks work.
//
// Magnitudes are |STFT| without scaling, with the Nyquist bin dropped. The parameters of the scale
// are estimated over a corpus's training tracks and stored in the checkpoint.
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
// first_frame .. first_frame + frames - 1 cover, including margins of n_fft / 2 on both sides.
// They may lie outside the track, where read_sound_segment returns zeros.
struct SampleRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
SampleRange samples_of_frames(std::int64_t first_frame, std::int64_t frames,
                              const config::SpectrogramConfig& config);

// The frames of such a sample range: equal to that slice of the track's magnitude().
Spectrogram magnitude_of_frames(std::span<const float> samples_with_margin,
                                const config::SpectrogramConfig& config);

// decibel: v = (20 log10(max(m, floor) / reference) - mean) / deviation, where floor is floor_db
// below the reference. log1p: v = (ln(1 + m) - mean) / deviation.
struct SpectrogramScale {
  config::LogScale kind = config::LogScale::decibel;
  double reference = 1;   // the largest magnitude of the corpus
  double floor_db = -80;  // relative to the reference; decibel only
  double mean = 0;
  double deviation = 1;
};

// In place. Vectorised logarithm and exponential, accurate to 1e-6 (absolute in v, relative in m).
void to_log(const SpectrogramScale& scale, std::span<float> magnitudes);

// In place, the inverse of to_log above the floor. Values below, or less than half a decibel above
// the floor become 0, so that silence stays silent instead of becoming hiss at the floor.
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
  // Merges what another estimator saw of other tracks. An estimator must have the maximum over all
  // tracks before it sees values.
  void join_maximum(const ScaleEstimator& other);
  void join_values(const ScaleEstimator& other);
  SpectrogramScale finish() const;  // WorkError if no values were seen

 private:
  SpectrogramScale raw_;  // mean 0, deviation 1
  bool values_seen_ = false;
  double count_ = 0, sum_ = 0, squares_ = 0;
  std::vector<float> buffer_;
};

// 20 log10(|target - estimate| / |target|), Frobenius norms, clamped to [-200, 200]. The estimate
// may have more frames than the target; only the first ones are compared.
double spectral_convergence_db(const Spectrogram& target, const Spectrogram& estimate);

}  // namespace minet::audio
