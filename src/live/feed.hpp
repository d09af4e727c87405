// Shared by a card's thread and the player: samples, and the card's requests for them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>

#include "live/clock.hpp"
#include "live/ring.hpp"

namespace minet::live {

// The card's thread uses it without locks, allocation, or anything that waits.
class Feed {
 public:
  explicit Feed(std::size_t samples) : ring(samples) {}

  // Starts watching the card's pace.
  void start(int sample_rate) {
    called_s = now_s();
    rate_ = sample_rate;
  }

  // `gap`: the card reports that it had nothing to play before this block.
  void pull(std::span<float> block, bool gap) {
    const double called = now_s();
    if (!known_) known_ = true, come_first();
    const std::size_t got = ring.pull(block);
    std::fill(block.begin() + static_cast<std::ptrdiff_t>(got), block.end(), 0.0F);
    keep_pace(called, block.size());
    if ((gap || got < block.size()) && going && !gone) ++underruns;
    // The next block to be pushed starts after the samples left in the ring, and after this block.
    called_s.store(called, std::memory_order_release);
    asked.store(block.size(), std::memory_order_release);
  }

  Ring ring;
  std::atomic<bool> going = false;  // from the first block to the last
  std::atomic<bool> gone = false;   // the card asks for more than can be played
  std::atomic<double> called_s = 0;
  std::atomic<std::size_t> asked = 0;
  std::atomic<std::int64_t> underruns = 0;

 private:
  static constexpr double kWindowS = 10, kAheadS = 1;

  // If its server has ended, RtAudio's thread asks again and again without waiting.
  void keep_pace(double called, std::size_t samples) {
    const int rate = rate_;
    if (rate == 0) return;
    if (called - began_s_ > kWindowS) began_s_ = called, given_s_ = 0;
    const double block_s = static_cast<double>(samples) / rate;
    given_s_ += block_s;
    if (given_s_ > called - began_s_ + kAheadS) gone = true;
    if (gone) sleep_s(block_s);  // or it would occupy a core at real-time priority
  }

  std::atomic<int> rate_ = 0;
  bool known_ = false;  // whether the card's thread has called
  double began_s_ = 0, given_s_ = 0;
};

}  // namespace minet::live
