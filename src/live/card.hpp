// Sound cards: what calls us for samples, from a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "live/sink.hpp"

namespace minet::live {

// Fills the block; must neither wait nor allocate. `gap`: the card had nothing to play before it.
using Pull = std::function<void(std::span<float> block, bool gap)>;

struct CardOptions {
  int sample_rate = 0;  // or up to six times as much
  double period_s = 0;  // between two calls; the card may choose another
  double buffer_s = 0;  // what a sound server is to keep where it asks irregularly
};

class Card {
 public:
  virtual ~Card() = default;  // stops it
  virtual std::string name() const = 0;
  virtual int sample_rate() const = 0;
  virtual double period_s() const = 0;   // of sound that a call takes
  virtual double latency_s() const = 0;  // from a call to what is heard, as far as is known
};

// By RtAudio. InputError where there is none that plays such a rate.
std::unique_ptr<Card> make_rtaudio_card(const std::string& which, const CardOptions& options,
                                        Pull pull);

using MakeCard = std::function<std::unique_ptr<Card>(const CardOptions& options, Pull pull)>;
std::unique_ptr<Sink> make_card_sink(const MakeCard& make, int sample_rate, double buffer_s);

}  // namespace minet::live
