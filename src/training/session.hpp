// What all stages of a training share: the data, and where progress is written.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "minet/clips/clip_order.hpp"
#include "minet/clips/track_store.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/text.hpp"
#include "minet/models/model.hpp"
#include "minet/training/checkpoint.hpp"
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
  const clips::TrackStore& train_tracks;
  const clips::TrackStore& test_tracks;  // may hold no track: then nothing is validated
  const clips::ClipOrder& order;
  at::Device device;
  MetricsLog& metrics;
  EventWriter& events;
};

// Where a position lies on the one axis of all curves: a second stage's steps follow the first's.
std::int64_t curve_step(const config::TrainConfig& config, const Position& position);

// A named number of a metrics line.
using Metric = std::pair<const char*, double>;

// Logs a step's numbers to metrics.jsonl and TensorBoard.
void log_metrics(Session& session, const std::vector<Metric>& numbers);

// The numbers that every report has; returns a note for the progress line.
template <class Report>
std::string log_loss(Session& session, const Report& report) {
  log_metrics(session, {{"loss", report.loss},
                        {"gradient_norm", report.gradient_norm},
                        {"learning_rate", report.learning_rate}});
  return text("loss ", report.loss);
}

// Throws WorkError when a step's loss or gradient is not finite.
void check_health(const Session& session, double loss, double gradient_norm,
                  const std::vector<clips::Clip>& clips);

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

// The loop of every stage: steps from the session's position to the last one, with logging,
// validation and saving when they are due. A StageSteps has
//   Report run(int64_t step)                   one step; a Report has loss and gradient_norm
//   void done(const Report&)                   after each step that was sound
//   std::string log(const Report&)             writes its metrics; a note for the progress line
//   void validate()
// `purpose` names the order that its batches have (ClipOrder::batch).
template <class StageSteps>
void train_steps(Session& session, const config::StageConfig& stage, const std::string& label,
                 std::string_view purpose, StageSteps& steps) {
  std::int64_t& step = session.position.step;
  SaveSchedule saves(session);
  Progress progress(label, stage.steps, "steps", step);
  while (step < stage.steps) {
    const auto report = steps.run(step);
    check_health(session, report.loss, report.gradient_norm,
                 session.order.batch(step, stage.batch, purpose));
    ++step;
    steps.done(report);
    const bool last = step == stage.steps;
    if (is_due(step, session.config.run.log_every, last)) {
      progress.update(step, steps.log(report));
    } else {
      progress.update(step);
    }
    if (is_due(step, session.config.run.evaluate_every, last)) steps.validate();
    saves.after_step(last);
  }
  progress.finish();
}

void train_vqvae(Session& session, TrainState& state);
void train_prior(Session& session, TrainState& state);
void train_baseline(Session& session, BaselineState& state);
void train_synthesiser(Session& session, PlusState& state);
void train_controls(Session& session, PlusState& state);

// The sound of a spectrogram, for TensorBoard.
audio::Sound inverted(const Session& session, const at::Tensor& standardised /* [F, T] */);

}  // namespace minet::training
