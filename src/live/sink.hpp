// Where sound goes, block by block at the pace of who plays it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "minet/live/play.hpp"

namespace minet::live {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::string name() const = 0;
  // Waits until what has been written lasts for the buffer's time and no longer: then the next
  // block is to be made. False: the reader is gone, or a stop was requested. WorkError: the sound
  // card is gone.
  virtual bool wait() = 0;
  // The time at which the block begins to be heard: now_s().
  virtual double write(std::span<const float> block) = 0;
  // Waits until all that was written has been heard.
  virtual void drain() = 0;
  // How often a block came too late to be heard without a gap.
  virtual std::int64_t underruns() const = 0;
  virtual double buffer_s() const = 0;  // the one in use: a card may need a longer one
};

// Mono, at the model's rate. `buffer_s`: as in PlayOptions.
std::unique_ptr<Sink> make_pcm_sink(int descriptor, PcmFormat format, int sample_rate,
                                    double buffer_s);
// `which`: as in PlayOptions; "null" calls at the pace of a clock and plays to nobody.
std::unique_ptr<Sink> make_card_sink(const std::string& which, int sample_rate, double buffer_s);

}  // namespace minet::live
