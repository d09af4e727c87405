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

std::int64_t curve_step(const config::TrainConfig& config, const Position& position) {
  if (position.stage == Stage::prior) return position.step + config.vqvae_training.steps;
  if (position.stage == Stage::controls) return position.step + config.synthesiser_training.steps;
  return position.step;
}

void log_metrics(Session& session, const std::vector<Metric>& numbers) {
  nlohmann::ordered_json line;
  const std::string stage = to_string(session.position.stage);
  line["stage"] = stage;
  line["step"] = session.position.step;
  const std::int64_t step = curve_step(session.config, session.position);
  for (const auto& [name, value] : numbers) {
    line[name] = value;
    session.events.scalar(stage + "/" + name, step, value);
  }
  session.events.flush();
  session.metrics.append(line.dump());
}

void check_health(const Session& session, double loss, double gradient_norm,
                  const std::vector<clips::Clip>& clips) {
  if (std::isfinite(loss) && std::isfinite(gradient_norm)) return;
  std::vector<std::string> names;
  for (const clips::Clip& clip : clips) {
    names.push_back(text(session.train_tracks.tracks()[static_cast<std::size_t>(clip.track)].id,
                         "@", clip.first_frame));
  }
  throw WorkError(
      text("step ", session.position.step, " of stage ", to_string(session.position.stage),
           ": expected finite numbers, got loss ", loss, " and gradient norm ", gradient_norm,
           " on clips ", join(names, ", "), "; the last good state is ",
           session.run.has_checkpoint() ? session.run.checkpoint().string() : "the start",
           "; lower the learning rate, or look at these clips"));
}

SaveSchedule::SaveSchedule(Session& session)
    : session_(session), saved_(std::chrono::steady_clock::now()) {}

void SaveSchedule::save() {
  const auto began = std::chrono::steady_clock::now();
  session_.save();
  saved_ = std::chrono::steady_clock::now();
  log::debug(text("saved step ", session_.position.step, " in ",
                  std::chrono::duration<double>(saved_ - began).count(), " s"));
}

void SaveSchedule::after_step(bool last) {
  const double minutes =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - saved_).count() / 60;
  const bool due = is_due(session_.position.step, session_.config.run.save_every, last) ||
                   minutes >= session_.config.run.save_minutes;
  const int signal = stop_signal();
  if (due || signal != 0) save();
  if (signal != 0) {
    throw Interrupted(text("stopped at step ", session_.position.step, " of stage ",
                           to_string(session_.position.stage), "; go on with the option 'resume'"),
                      signal);
  }
}

audio::Sound inverted(const Session& session, const at::Tensor& standardised) {
  return audio::invert(models::to_magnitudes(session.scale, standardised),
                       session.config.spectrogram, {.iterations = 16});
}

bool is_due(std::int64_t done, std::int64_t every, bool last) {
  return last || (every > 0 && done % every == 0);
}

}  // namespace minet::training
