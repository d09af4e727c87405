// Sound cards, which request samples from a thread of their own.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "live/sink.hpp"

namespace minet::live {

// Fills the block; must not wait or allocate. `gap`: the card had nothing to play before it.
using Pull = std::function<void(std::span<float> block, bool gap)>;

struct CardOptions {
  int sample_rate = 0;  // or up to six times as high
  double period_s = 0;  // between two calls; the card may use a different one
  double buffer_s = 0;  // to be kept by a sound server that asks irregularly
};

class Card {
 public:
  virtual ~Card() = default;  // stops it
  virtual std::string name() const = 0;
  virtual int sample_rate() const = 0;
  virtual double period_s() const = 0;   // of the sound taken per call
  virtual double latency_s() const = 0;  // from a call until it is heard, as far as known
};

// With RtAudio. InputError if no card plays such a rate.
std::unique_ptr<Card> make_rtaudio_card(const std::string& which, const CardOptions& options,
                                        Pull pull);

using MakeCard = std::function<std::unique_ptr<Card>(const CardOptions& options, Pull pull)>;
std::unique_ptr<Sink> make_card_sink(const MakeCard& make, int sample_rate, double buffer_s);

}  // namespace minet::live
