#include "minet/live/play.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "live/clock.hpp"
#include "live/meter.hpp"
#include "live/sink.hpp"
#include "live/source.hpp"
#include "live/source_clock.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::live {
namespace {

constexpr double kFadeS = 1;     // fade to rest after a long pause of the source
constexpr double kRiseS = 0.05;  // when the source is back
constexpr double kEndS = 0.1;    // at the end of the session
constexpr double kPatience = 3;  // until "waiting for a player" is logged
constexpr double kSayEvery = 10;

std::string percent(double share) {
  return text(std::round(share * 1000) / 10, " %");
}

std::string latency(const PlayReport& report) {
  return text("keypoint to sound: median ", milliseconds(report.median_s), ", 95 % ",
              milliseconds(report.most_s), ", longest ", milliseconds(report.longest_s));
}

// The gain of a block, a linear ramp from the last block's gain.
class Fader {
 public:
  // Moves to 0 or 1; the full range takes `seconds`.
  void go(double target, double seconds) { target_ = target, seconds_ = seconds; }
  bool silent() const { return gain_ == 0 && target_ == 0; }
  void apply(std::vector<float>& block, double rate) {
    const double most = static_cast<double>(block.size()) / rate / seconds_;
    const double next = gain_ + std::clamp(target_ - gain_, -most, most);
    for (std::size_t i = 0; i < block.size(); ++i) {
      const double part = static_cast<double>(i) / static_cast<double>(block.size());
      block[i] *= static_cast<float>(gain_ + (next - gain_) * part);
    }
    gain_ = next;
  }

 private:
  double gain_ = 0, target_ = 0, seconds_ = 1;
};

class Session {
 public:
  explicit Session(const PlayOptions& options)
      : options_(options),
        player_(options.player),
        pose_(player_.make_pose()),
        realtime_(options.realtime && ask_for_realtime()),
        block_s_(static_cast<double>(player_.block()) / player_.sample_rate()),
        source_(make_source(inbox_, options)),
        sink_(options.pcm ? make_pcm_sink(*options.pcm, options.pcm_format, player_.sample_rate(),
                                          options.buffer_s)
                          : make_card_sink(options.card, player_.sample_rate(), options.buffer_s)) {
  }

  PlayReport run() {
    log::info(text("playing from ", source_->name(), " to ", sink_->name(),
                   realtime_ ? "" : ", without real-time priority"));
    began_s_ = said_s_ = now_s();
    began_processor_s_ = said_processor_s_ = processor_s();
    bool receiver = true;
    while ((receiver = sink_->wait()) && !inbox_.ended() && !long_enough()) step();
    if (receiver) end();
    inbox_.throw_failure();
    return report();
  }

 private:
  bool long_enough() const {
    return options_.seconds && static_cast<double>(blocks_) * block_s_ >= *options_.seconds;
  }

  void step() {
    const double now = now_s();
    const std::optional<double> arrived = look(now);
    std::vector<float> block = sound(now);
    const double heard = sink_->write(block) + player_.reached_s();
    ++blocks_;
    if (arrived && playing_) {
      all_.heard(heard - *arrived);
      recent_.heard(heard - *arrived);
    }
    if (playing_) player_.watch(pose_, now);
    say(now);
  }

  // Takes the newest frame; returns its arrival time if it shows the player.
  std::optional<double> look(double now) {
    const std::optional<Arrival> arrival = inbox_.take();
    std::optional<double> arrived;
    if (arrival) {
      const double seen = clock_.time_of(arrival->picture.time_s, arrival->arrived_s);
      if (pose_.add(arrival->picture.joints, seen)) {
        arrived = arrival->arrived_s;
      } else {
        ++empty_;
      }
    }
    if (arrived) {
      if (!playing_) begin(now);
      last_s_ = *arrived;
    } else if (playing_ && now - last_s_ > options_.hold_s) {
      fader_.go(0, kFadeS);
      if (!fading_) {
        ++rests_;
        log::info(text("no keypoints for ", to_text(options_.hold_s), " s: fading out"));
      }
      fading_ = true;
    }
    return arrived;
  }

  void begin(double now) {
    if (ever_) {
      log::info("keypoints are back");
      pose_.forget_movement();
      player_.forget_movement();
    } else {
      log::info(text("the player is seen after ", std::round((now - began_s_) * 10) / 10, " s"));
    }
    ever_ = playing_ = true;
  }

  std::vector<float> sound(double now) {
    if (!playing_) return std::vector<float>(static_cast<std::size_t>(player_.block()), 0.0F);
    if (fading_ && now - last_s_ <= options_.hold_s) fading_ = false;
    if (!fading_) fader_.go(1, kRiseS);
    std::vector<float> block = faded(now);
    if (fading_ && fader_.silent()) playing_ = fading_ = false;
    return block;
  }

  std::vector<float> faded(double now) {
    const std::span<const float> next = player_.next(pose_, now);
    std::vector<float> block(next.begin(), next.end());
    fader_.apply(block, player_.sample_rate());
    return block;
  }

  // Fades the sound out instead of cutting it off.
  void end() {
    fader_.go(0, kEndS);
    while (playing_ && !fader_.silent() && stop_signal() == 0 && sink_->wait()) {
      sink_->write(faded(now_s()));
    }
    sink_->drain();
  }

  void say(double now) {
    if (const std::string complaint = inbox_.take_complaint();
        !complaint.empty() && complaints_ < 3) {
      ++complaints_;
      log::warning(
          text("skipped: ", complaint, complaints_ == 3 ? " (further ones are only counted)" : ""));
    }
    if (!ever_ && !waiting_said_ && now - began_s_ > kPatience) {
      waiting_said_ = true;
      log::info(text("waiting for a player's keypoints from ", source_->name()));
    }
    if (now - said_s_ < kSayEvery) return;
    if (options_.verbose) {
      PlayReport report{};
      recent_.fill(report);
      const double load = (processor_s() - said_processor_s_) / (now - said_s_);
      log::info(text(latency(report), "; load ", percent(load), "; underruns so far ",
                     sink_->underruns()));
    }
    recent_.restart();
    said_s_ = now;
    said_processor_s_ = processor_s();
  }

  PlayReport report() const {
    PlayReport report{};
    all_.fill(report);
    const SourceCounts counts = inbox_.counts();
    report.seconds = static_cast<double>(blocks_) * block_s_;
    report.pictures = counts.pictures, report.bad = counts.bad, report.empty = empty_;
    report.load = (processor_s() - began_processor_s_) / std::max(1e-9, now_s() - began_s_);
    report.underruns = sink_->underruns();
    report.buffer_s = sink_->buffer_s();
    report.rests = rests_;
    return report;
  }

  const PlayOptions options_;
  generation::LivePlayer player_;
  pose::CausalPose pose_;
  const bool realtime_;  // requested before source and sink start their threads
  const double block_s_;
  Inbox inbox_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  SourceClock clock_;
  Fader fader_;
  Meter all_, recent_;
  double began_s_ = 0, said_s_ = 0, last_s_ = 0;
  double began_processor_s_ = 0, said_processor_s_ = 0;
  std::int64_t blocks_ = 0, empty_ = 0, rests_ = 0;
  int complaints_ = 0;
  // playing_: making sound; fading_: fading to rest; ever_: a player has been seen.
  bool playing_ = false, fading_ = false, ever_ = false, waiting_said_ = false;
};

void check(const PlayOptions& options) {
  if (options.osc_port && options.camera) {
    throw InputError("osc: expected one source of keypoints, got a camera too; leave one out");
  }
  if (options.osc_port && (*options.osc_port < 1 || *options.osc_port > 65535)) {
    throw InputError(text("osc: expected a port from 1 to 65535, got ", *options.osc_port));
  }
  if (!(options.buffer_s >= 0.005 && options.buffer_s <= 2)) {
    throw InputError(text("buffer: expected 5 to 2000 ms, got ", options.buffer_s * 1000));
  }
  if (!(options.hold_s >= 0.1 && options.hold_s <= 3600)) {
    throw InputError(text("hold: expected 0.1 to 3600 s, got ", options.hold_s));
  }
  if (options.seconds && !(*options.seconds > 0)) {
    throw InputError(text("seconds: expected more than 0, got ", *options.seconds));
  }
}

}  // namespace

PlayReport play(const PlayOptions& options) {
  check(options);
  Session session(options);
  const PlayReport report = session.run();
  if (stop_signal() == 0 && report.used == 0 && !options.seconds) {
    throw InputError(text("expected keypoints that show a player's neck or shoulders, but the ",
                          "input ended without any (", counted(report.pictures, "frame"), ", ",
                          counted(report.bad, "bad line"), "); docs/live.md says what is read"));
  }
  return report;
}

std::string summary(const PlayReport& report) {
  std::string out =
      text("played ", human_duration(report.seconds), " from ", counted(report.pictures, "frame"),
           " (", report.used, " used, ", report.empty, " without a player, ", report.bad, " bad)");
  if (report.used > 0) {
    out += "; " + latency(report);
  }
  return out + text("; load ", percent(report.load), " of one core; ",
                    counted(report.underruns, "underrun"), " at a buffer of ",
                    milliseconds(report.buffer_s), "; ", counted(report.rests, "rest"));
}

}  // namespace minet::live
