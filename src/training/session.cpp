#include "training/session.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "minet/audio/inversion.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/models/spectrograms.hpp"

namespace minet::training {

std::pair<double, double> StageClock::at(std::int64_t step) {
  const auto now = std::chrono::steady_clock::now();
  const auto since = [&](std::chrono::steady_clock::time_point then) {
    return std::chrono::duration<double>(now - then).count();
  };
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  if (step > step_ && since(last_) > 0) {
    rate_ = static_cast<double>(step - step_) / since(last_);
    step_ = step;
    last_ = now;
  } else if (step < step_) {  // a new stage
    step_ = step;
    last_ = now;
    rate_ = 0;
  }
  return {rounded(since(begin_)), rounded(rate_)};
}

std::int64_t curve_step(const config::TrainConfig& config, const Position& position) {
  const std::optional<Stage> before = stage_before(position.stage);
  return position.step + (before ? settings_of(config, *before).steps : 0);
}

std::vector<clips::Clip> Session::batch(std::int64_t step, const config::StageConfig& stage,
                                        std::string_view purpose) const {
  const std::vector<clips::Clip> all = order.batch(step, stage.batch, purpose);
  const models::Part own = part(stage);
  const auto first = all.begin() + own.first;
  return {first, first + own.count};
}

double Session::mean(const at::Tensor& figure, const config::StageConfig& stage) const {
  if (ranks == nullptr) return figure.item<double>();
  at::Tensor share = figure.detach().to(at::kDouble) * part(stage).share();
  ranks->sum(share);
  return share.item<double>();
}

void log_sound(Session& session, const std::string& name, const audio::Sound& sound) {
  session.events->sound(text(to_string(session.position.stage), "/", name),
                        curve_step(session.config, session.position), sound);
}

void log_metrics(Session& session, const std::vector<Metric>& numbers) {
  if (!session.is_first()) return;
  nlohmann::ordered_json line;
  const std::string stage = to_string(session.position.stage);
  line["stage"] = stage;
  line["step"] = session.position.step;
  const std::int64_t step = curve_step(session.config, session.position);
  line["total_step"] = step;  // TensorBoard's axis
  const auto [seconds, rate] = session.clock.at(session.position.step);
  line["seconds"] = seconds;
  if (rate > 0) line["steps_per_second"] = rate;
  for (const auto& [name, value] : numbers) {
    line[name] = value;
    session.events->scalar(stage + "/" + name, step, value);
  }
  session.events->flush();
  session.metrics->append(line.dump());
}

void report_failure(const Session& session, const LookedAt& steps,
                    const std::vector<clips::Clip>& clips) {
  std::vector<std::string> names;
  for (const clips::Clip& clip : clips) {
    names.push_back(text(session.train_tracks.tracks()[static_cast<std::size_t>(clip.track)].id,
                         "@", clip.first_frame));
  }
  const std::string which = steps.first == steps.last
                                ? text("step ", steps.last)
                                : text("one of steps ", steps.first, " to ", steps.last);
  throw WorkError(
      text(which, " of stage ", to_string(session.position.stage),
           ": expected finite numbers, got loss ", steps.loss, " and gradient norm ",
           steps.gradient_norm, " at step ", steps.last, " on clips ", join(names, ", "),
           "; the last good state is ",
           session.run.has_checkpoint() ? session.run.checkpoint().string() : "the start",
           "; lower the learning rate, or inspect these clips"));
}

SaveSchedule::SaveSchedule(Session& session)
    : session_(session), saved_(std::chrono::steady_clock::now()) {}

bool SaveSchedule::due(bool last) {
  const double minutes =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - saved_).count() / 60;
  std::vector<std::int64_t> asked{stop_signal(), minutes >= session_.config.run.save_minutes};
  if (session_.ranks != nullptr) session_.ranks->largest(asked);
  signal_ = static_cast<int>(asked[0]);
  return is_due(session_.position.step + 1, session_.config.run.save_every, last) ||
         asked[1] != 0 || signal_ != 0;
}

void SaveSchedule::save() {
  const auto began = std::chrono::steady_clock::now();
  if (session_.is_first()) session_.save();
  saved_ = std::chrono::steady_clock::now();
  log::debug(text("saved step ", session_.position.step, " in ",
                  std::chrono::duration<double>(saved_ - began).count(), " s"));
  if (signal_ != 0) {
    // The launcher may end all ranks as soon as the first one ends.
    if (session_.ranks != nullptr) session_.ranks->wait_for_all();
    throw Interrupted(text("stopped at step ", session_.position.step, " of stage ",
                           to_string(session_.position.stage)),
                      signal_);
  }
}

SpectrogramBatches::SpectrogramBatches(Session& session, const config::StageConfig& stage,
                                       std::int64_t first)
    : session_(session), stage_(stage) {
  if (!session.on_device) {
    session.on_device =
        clips::DeviceSpectrograms::load(session.train_tracks, session.scale, session.device);
  }
  if (session.on_device) return;
  made_.emplace(
      [&session, &stage](std::int64_t step) {
        return clips::staged(
            session.train_tracks.spectrograms(session.batch(step, stage), session.scale),
            session.device);
      },
      first, stage.steps, clips::batches_ahead(session.device));
}

at::Tensor SpectrogramBatches::take(std::int64_t step) {
  if (made_) return clips::moved(made_->take(), session_.device);
  return session_.on_device->clips(session_.batch(step, stage_), session_.config.clip_frames());
}

audio::Sound inverted(const Session& session, const at::Tensor& standardised) {
  return audio::invert(models::to_magnitudes(session.scale, standardised),
                       session.config.spectrogram, {.iterations = 16});
}

bool is_due(std::int64_t done, std::int64_t every, bool last) {
  return last || (every > 0 && done % every == 0);
}

}  // namespace minet::training
