// What all stages of a training share: the data, and where progress is written.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "minet/core/progress.hpp"
#include "minet/models/model.hpp"
#include "minet/training/checkpoint.hpp"
#include "minet/training/clips.hpp"
#include "minet/training/event_writer.hpp"
#include "minet/training/run_folder.hpp"
#include "minet/training/steps.hpp"

namespace minet::training {

struct Session {
  const config::TrainConfig& config;
  RunFolder& run;
  Position& position;
  const audio::SpectrogramScale& scale;  // the model's
  std::function<void()> save;            // writes a checkpoint
  const TrackStore& train_tracks;
  const TrackStore& test_tracks;  // may hold no track: then nothing is validated
  const ClipOrder& order;
  at::Device device;
  MetricsLog& metrics;
  EventWriter& events;
};

// A named number of a metrics line.
using Metric = std::pair<const char*, double>;

// Logs a step's numbers to metrics.jsonl and TensorBoard.
void log_metrics(Session& session, const std::vector<Metric>& numbers);

// Throws WorkError when a step's loss or gradient is not finite.
void check_health(const Session& session, double loss, double gradient_norm,
                  const std::vector<Clip>& clips);

// Saves when it is due, at the stage's last step, and when a stop was asked for (then throws
// Interrupted).
class SaveSchedule {
 public:
  explicit SaveSchedule(Session& session);
  void after_step(bool last);

 private:
  void save();
  Session& session_;
  std::chrono::steady_clock::time_point saved_;
};

bool is_due(std::int64_t done, std::int64_t every, bool last);

// Makes the next batch in a thread of its own while this one is trained on.
template <class Batch, class Make>
class Prefetch {
 public:
  Prefetch(Make make, std::int64_t first, std::int64_t end)
      : make_(std::move(make)), next_(first), end_(end) {
    start();
  }
  Batch take() {
    Batch batch = pending_.get();
    start();
    return batch;
  }

 private:
  void start() {
    if (next_ < end_) pending_ = std::async(std::launch::async, make_, next_);
    ++next_;
  }
  Make make_;
  std::int64_t next_, end_;
  std::future<Batch> pending_;
};

void train_vqvae(Session& session, TrainState& state);
void train_prior(Session& session, TrainState& state);
void train_baseline(Session& session, BaselineState& state);

// The sound of a spectrogram, for TensorBoard.
audio::Sound inverted(const Session& session, const at::Tensor& standardised /* [F, T] */);

}  // namespace minet::training
