// Shared by all stages of a training: the data, and where progress is written.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clips/device_spectrograms.hpp"
#include "clips/prefetch.hpp"
#include "minet/clips/clip_order.hpp"
#include "minet/clips/track_store.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/text.hpp"
#include "minet/models/model.hpp"
#include "minet/training/checkpoint.hpp"
#include "minet/training/event_writer.hpp"
#include "minet/training/ranks.hpp"
#include "minet/training/run_folder.hpp"
#include "minet/training/steps.hpp"

namespace minet::training {

// Seconds since this process began to train, and the steps per second since the last call.
class StageClock {
 public:
  explicit StageClock(std::int64_t step) : step_(step) {}
  std::pair<double, double> at(std::int64_t step);  // seconds, steps per second (0: unknown)

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now(), last_ = begin_;
  std::int64_t step_;
  double rate_ = 0;
};

struct Session {
  const config::TrainConfig& config;
  RunFolder& run;
  Position& position;
  const audio::SpectrogramScale& scale;  // the model's
  std::function<void()> save;            // writes a checkpoint
  Ranks* ranks;                          // nullptr: a single process
  const clips::TrackStore& train_tracks;
  const clips::TrackStore& test_tracks;  // may be empty: then nothing is validated
  const clips::ClipOrder& order;
  at::Device device;
  std::optional<MetricsLog> metrics;  // only on rank 0, which also saves and validates
  std::optional<EventWriter> events;
  StageClock clock{0};
  std::optional<clips::DeviceSpectrograms> on_device{};  // of the training tracks, once needed

  bool is_first() const { return ranks == nullptr || ranks->is_first(); }
  models::Part part(const config::StageConfig& stage) const {
    return models::part_of(ranks, stage.batch);
  }
  // This rank's part of the batch of a step.
  std::vector<clips::Clip> batch(std::int64_t step, const config::StageConfig& stage,
                                 std::string_view purpose = "train") const;
  // The joined batch's mean of a value [] of this rank's part. Either all ranks call it or none.
  double mean(const at::Tensor& figure, const config::StageConfig& stage) const;
};

// A position on the common x axis of all curves: a second stage's steps follow the first's.
std::int64_t curve_step(const config::TrainConfig& config, const Position& position);

// A named value in a metrics line.
using Metric = std::pair<const char*, double>;

// A sound for TensorBoard, on the same axis.
void log_sound(Session& session, const std::string& name, const audio::Sound& sound);

// Likewise, the sound that `play` returns; nothing if a stop is requested meanwhile.
template <class Play>
void log_music(Session& session, const std::string& name, const Play& play) {
  try {
    log_sound(session, name, play());
  } catch (const Interrupted&) {
  }
}

// Logs a step's metrics to metrics.jsonl and TensorBoard.
void log_metrics(Session& session, const std::vector<Metric>& numbers);

// Logs the metrics that all reports have; returns a note for the progress line.
template <class Report>
std::string log_loss(Session& session, const config::StageConfig& stage, const Report& report) {
  const double loss = session.mean(report.loss, stage);
  log_metrics(session, {{"loss", loss},
                        {"gradient_norm", report.gradient_norm.template item<double>()},
                        {"learning_rate", report.learning_rate}});
  return text("loss ", loss);
}

// The steps since the last check for failures; `loss` and `gradient_norm` are those of `last`.
struct LookedAt {
  std::int64_t first = 0, last = 0;  // steps
  double loss = 0, gradient_norm = 0;
};
// WorkError: one of these steps gave non-finite values. `clips`: those of the last step.
[[noreturn]] void report_failure(const Session& session, const LookedAt& steps,
                                 const std::vector<clips::Clip>& clips);

// When a checkpoint is due: at the stage's last step, at intervals of steps and minutes, and when a
// stop is requested; due on one rank means due on all.
class SaveSchedule {
 public:
  explicit SaveSchedule(Session& session);
  bool due(bool last);
  void save();  // Interrupted after saving, if a stop was requested

 private:
  Session& session_;
  std::chrono::steady_clock::time_point saved_;
  int signal_ = 0;
};

bool is_due(std::int64_t done, std::int64_t every, bool last);

// The loop of every stage: steps from the session's position to the last one, with logging,
// validation and saving when they are due. A StageSteps has
//   Report run(int64_t step)         one step; a Report has loss and gradient_norm, tensors []
//   AdamW& optimiser()
//   void done(const Report&)         after each step
//   std::string log(const Report&)   writes its metrics; a note for the progress line
//   void validate()                  on rank 0 only
// `purpose` names the order of its batches (ClipOrder::batch).
template <class StageSteps>
void train_steps(Session& session, const config::StageConfig& stage, const std::string& label,
                 std::string_view purpose, StageSteps& steps) {
  std::int64_t& step = session.position.step;
  SaveSchedule saves(session);
  Progress progress(label, stage.steps, "steps", step);
  std::int64_t unseen = step;  // the first step not yet checked for failures
  while (step < stage.steps) {
    const auto report = steps.run(step);
    const bool last = step + 1 == stage.steps;
    const bool log = is_due(step + 1, session.config.run.log_every, last);
    const bool validate = is_due(step + 1, session.config.run.evaluate_every, last);
    const bool save = saves.due(last);
    // Checking waits for a GPU; on a CPU it costs nothing, and a failure can name its clips.
    if (session.device.is_cpu() || log || validate || save) {
      if (steps.optimiser().take_failure()) {
        report_failure(session,
                       {.first = unseen,
                        .last = step,
                        .loss = report.loss.template item<double>(),
                        .gradient_norm = report.gradient_norm.template item<double>()},
                       session.batch(step, stage, purpose));
      }
      unseen = step + 1;
    }
    ++step;
    steps.done(report);
    if (log) {
      progress.update(step, steps.log(report));
    } else {
      progress.update(step);
    }
    if (validate && session.is_first()) steps.validate();
    if (save) saves.save();
  }
  progress.finish();
}

// Batches of training spectrograms [B, F, T] on the session's device, from step `first` on.
class SpectrogramBatches {
 public:
  SpectrogramBatches(Session& session, const config::StageConfig& stage, std::int64_t first);
  at::Tensor take(std::int64_t step);  // each step once, in order

 private:
  Session& session_;
  const config::StageConfig& stage_;
  std::optional<clips::Prefetch<at::Tensor>> made_;  // if the spectrograms are not on the device
};

void train_vqvae(Session& session, TrainState& state);
void train_prior(Session& session, TrainState& state);
void train_baseline(Session& session, BaselineState& state);
void train_synthesiser(Session& session, PlusState& state);
void train_controls(Session& session, PlusState& state);

// The sound of a spectrogram, for TensorBoard.
audio::Sound inverted(const Session& session, const at::Tensor& standardised /* [F, T] */);

}  // namespace minet::training
