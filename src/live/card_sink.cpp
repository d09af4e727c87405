#include <atomic>
#include <thread>
#include <utility>

#include "live/card.hpp"
#include "live/clock.hpp"
#include "live/feed.hpp"
#include "live/sink.hpp"
#include "live/upsampler.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::live {
namespace {

constexpr double kPeriodS = 0.008;  // between two calls of a card

constexpr double kSilentS = 5;        // without a call the card counts as gone
constexpr double kMostBehindS = 0.2;  // null card: longer delays are not made up for

class CardSink : public Sink {
 public:
  CardSink(const MakeCard& make, int sample_rate, double buffer_s)
      : buffer_s_(buffer_s), feed_(std::make_shared<Feed>(kRing)) {
    // Copies the pointer: the card's thread may still run while this object is destroyed.
    card_ = make({.sample_rate = sample_rate, .period_s = kPeriodS, .buffer_s = buffer_s},
                 [feed = feed_](std::span<float> block, bool gap) { feed->pull(block, gap); });
    rate_ = card_->sample_rate();
    upsampler_.emplace(rate_ / sample_rate);
    feed_->start(rate_);
    const double least = card_->period_s() + 1.5 * kPeriodS;
    if (card_->period_s() > 1.5 * kPeriodS && least > buffer_s_) {
      buffer_s_ = least;
      log::info(text("the buffer is ", milliseconds(least), ", because the card takes ",
                     milliseconds(card_->period_s()), " at a time"));
    }
  }
  ~CardSink() override {
    feed_->going = false;
    card_.reset();
  }

  std::string name() const override { return text(card_->name(), ", ", rate_, " Hz"); }

  bool wait() override {
    for (;;) {
      if (stop_signal() != 0) return false;
      if (feed_->gone || silent()) {
        throw WorkError(text(card_->name(), ": expected it to play, but it has stopped; it was ",
                             "unplugged, or its sound server has ended"));
      }
      const double more = lasts_s() - buffer_s_;
      if (more <= 0) return true;
      sleep_s(std::max(more, 5e-4));
    }
  }

  double write(std::span<const float> block) override {
    const double heard = now_s() + lasts_s() + card_->latency_s();
    const std::span<const float> samples = upsampler_->add(block);
    while (!feed_->ring.push(samples)) {  // full only after several blocks without wait()
      if (stop_signal() != 0) return heard;
      sleep_s(kPeriodS);
    }
    feed_->going.store(true, std::memory_order_release);
    return heard;
  }

  void drain() override {
    feed_->going.store(false, std::memory_order_release);
    const double end = now_s() + lasts_s() + 1;  // unless the card has stopped asking
    while (feed_->ring.filled() > 0 && now_s() < end) sleep_s(kPeriodS);
    sleep_s(card_->latency_s());
  }
  std::int64_t underruns() const override { return feed_->underruns; }
  double buffer_s() const override { return buffer_s_; }

 private:
  // How long the sound handed over still lasts: the contents of the ring, and the rest of the block
  // that the card took last.
  double lasts_s() const {
    const double taken = static_cast<double>(feed_->asked.load(std::memory_order_acquire)) / rate_;
    const double since = now_s() - feed_->called_s.load(std::memory_order_acquire);
    const double left = std::max(0.0, taken - since);
    return static_cast<double>(feed_->ring.filled()) / rate_ + left;
  }

  // Time during which this process is stopped (Ctrl-Z) counts for at most a second.
  bool silent() {
    const double now = now_s(), called = feed_->called_s;
    silent_s_ = called == last_call_ ? silent_s_ + std::min(now - looked_s_, 1.0) : 0;
    last_call_ = called, looked_s_ = now;
    return silent_s_ > kSilentS;
  }

  static constexpr std::size_t kRing = 1 << 18;  // 2.7 s at 96 kHz, longer than any buffer_s
  double buffer_s_;
  std::shared_ptr<Feed> feed_;
  std::unique_ptr<Card> card_;
  int rate_ = 0;
  double last_call_ = 0, looked_s_ = 0, silent_s_ = 0;  // state of silent()
  std::optional<Upsampler> upsampler_;
};

class NullCard : public Card {
 public:
  NullCard(const CardOptions& options, Pull pull)
      : rate_(options.sample_rate),
        period_s_(options.period_s),
        thread_([this, pull = std::move(pull)] {
          std::vector<float> block(static_cast<std::size_t>(period_s_ * rate_));
          const double period = static_cast<double>(block.size()) / rate_;
          double due = now_s();
          while (!stop_) {
            pull(block, false);
            due = std::max(due + period, now_s() - kMostBehindS);
            sleep_s(due - now_s());
          }
        }) {}
  ~NullCard() override {
    stop_ = true;
    thread_.join();
  }
  std::string name() const override { return "no sound card (null)"; }
  int sample_rate() const override { return rate_; }
  double period_s() const override { return period_s_; }
  double latency_s() const override { return 0; }

 private:
  const int rate_;
  const double period_s_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Sink> make_card_sink(const MakeCard& make, int sample_rate, double buffer_s) {
  return std::make_unique<CardSink>(make, sample_rate, buffer_s);
}

std::unique_ptr<Sink> make_card_sink(const std::string& which, int sample_rate, double buffer_s) {
  const MakeCard make = [&](const CardOptions& options, Pull pull) -> std::unique_ptr<Card> {
    if (which == "null") return std::make_unique<NullCard>(options, std::move(pull));
    return make_rtaudio_card(which, options, std::move(pull));
  };
  return make_card_sink(make, sample_rate, buffer_s);
}

}  // namespace minet::live
