// Sound cards: what calls us for samples, from a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace minet::live {

// Fills the block; must neither wait nor allocate.
using Pull = std::function<void(std::span<float> block)>;

class Card {
 public:
  virtual ~Card() = default;  // stops it
  virtual std::string name() const = 0;
  virtual int sample_rate() const = 0;
  virtual double latency_s() const = 0;  // from a call to what is heard, as far as the card says
};

// Calls at the pace of a clock and plays to nobody.
std::unique_ptr<Card> make_null_card(int sample_rate, double period_s, Pull pull);
// By RtAudio: the model's rate or a multiple of it. InputError where there is none.
std::unique_ptr<Card> make_rtaudio_card(const std::string& which, int sample_rate, double period_s,
                                        Pull pull);

}  // namespace minet::live
