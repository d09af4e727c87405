#include <atomic>
#include <thread>
#include <utility>

#include "live/card.hpp"
#include "live/clock.hpp"
#include "live/ring.hpp"
#include "live/sink.hpp"
#include "live/upsampler.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::live {
namespace {

constexpr double kPeriodS = 0.008;  // between two calls of a card

// What the card's thread touches: without locks, allocation, or anything that waits.
class Feed {
 public:
  explicit Feed(std::size_t samples) : ring(samples) {}

  void pull(std::span<float> block) {
    const double called = now_s();
    if (!known.exchange(true, std::memory_order_relaxed)) come_first();
    const std::size_t got = ring.pull(block);
    for (std::size_t i = got; i < block.size(); ++i) block[i] = 0;
    if (got < block.size() && going.load(std::memory_order_acquire)) {
      underruns.fetch_add(1, std::memory_order_relaxed);
    }
    // The next block that is pushed begins after those that are left, and after this one.
    called_s.store(called, std::memory_order_release);
    asked.store(block.size(), std::memory_order_release);
  }

  Ring ring;
  std::atomic<bool> known = false;  // whether the card's thread has been here
  std::atomic<bool> going = false;  // from the first block until the last
  std::atomic<double> called_s = 0;
  std::atomic<std::size_t> asked = 0;
  std::atomic<std::int64_t> underruns = 0;
};

class CardSink : public Sink {
 public:
  CardSink(const std::string& which, int sample_rate, double buffer_s)
      : buffer_s_(buffer_s), feed_(std::make_shared<Feed>(kRing)) {
    // A copy of the pointer: the card's thread may still run while this object goes.
    const Pull pull = [feed = feed_](std::span<float> block) { feed->pull(block); };
    card_ = which == "null" ? make_null_card(sample_rate, kPeriodS, pull)
                            : make_rtaudio_card(which, sample_rate, kPeriodS, pull);
    rate_ = card_->sample_rate();
    upsampler_.emplace(rate_ / sample_rate);
  }
  ~CardSink() override {
    feed_->going = false;
    card_.reset();
  }

  std::string name() const override { return text(card_->name(), ", ", rate_, " Hz"); }

  bool wait() override {
    for (;;) {
      if (stop_signal() != 0) return false;
      const double more = lasts_s() - buffer_s_;
      if (more <= 0) return true;
      sleep_s(std::max(more, 5e-4));
    }
  }

  double write(std::span<const float> block) override {
    const double heard = now_s() + lasts_s() + card_->latency_s();
    const std::span<const float> samples = upsampler_->add(block);
    while (!feed_->ring.push(samples)) {  // not after wait()
      if (stop_signal() != 0) return heard;
      sleep_s(kPeriodS);
    }
    feed_->going.store(true, std::memory_order_release);
    return heard;
  }

  void drain() override {
    feed_->going.store(false, std::memory_order_release);
    const double end = now_s() + 1;
    while (feed_->ring.filled() > 0 && now_s() < end) sleep_s(kPeriodS);
    sleep_s(card_->latency_s());
  }
  std::int64_t underruns() const override { return feed_->underruns; }

 private:
  // How long what was handed over still sounds: what lies in the ring, and what is left of the
  // block that the card took last.
  double lasts_s() const {
    const double taken = static_cast<double>(feed_->asked.load(std::memory_order_acquire)) / rate_;
    const double since = now_s() - feed_->called_s.load(std::memory_order_acquire);
    const double left = std::max(0.0, taken - since);
    return static_cast<double>(feed_->ring.filled()) / rate_ + left;
  }

  static constexpr std::size_t kRing = 1 << 16;
  const double buffer_s_;
  std::shared_ptr<Feed> feed_;
  std::unique_ptr<Card> card_;
  int rate_ = 0;
  std::optional<Upsampler> upsampler_;
};

class NullCard : public Card {
 public:
  NullCard(int sample_rate, double period_s, Pull pull)
      : rate_(sample_rate), thread_([this, period_s, pull = std::move(pull)] {
          std::vector<float> block(static_cast<std::size_t>(period_s * rate_));
          const double period = static_cast<double>(block.size()) / rate_;
          double due = now_s();
          while (!stop_) {
            pull(block);
            due += period;
            sleep_s(due - now_s());
          }
        }) {}
  ~NullCard() override {
    stop_ = true;
    thread_.join();
  }
  std::string name() const override { return "no sound card (null)"; }
  int sample_rate() const override { return rate_; }
  double latency_s() const override { return 0; }

 private:
  const int rate_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Card> make_null_card(int sample_rate, double period_s, Pull pull) {
  return std::make_unique<NullCard>(sample_rate, period_s, std::move(pull));
}

std::unique_ptr<Sink> make_card_sink(const std::string& card, int sample_rate, double buffer_s) {
  return std::make_unique<CardSink>(card, sample_rate, buffer_s);
}

}  // namespace minet::live
