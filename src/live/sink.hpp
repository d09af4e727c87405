// Where sound goes, block by block at the pace of the player.
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
  // Waits until the sound written so far lasts no longer than the buffer's time; the next block is
  // then due. False: the reader is gone, or a stop was requested. WorkError: the sound card is
  // gone.
  virtual bool wait() = 0;
  // Returns the time, as in now_s(), at which the block begins to be heard.
  virtual double write(std::span<const float> block) = 0;
  // Waits until everything written has been heard.
  virtual void drain() = 0;
  // The number of blocks that came too late to be heard without a gap.
  virtual std::int64_t underruns() const = 0;
  virtual double buffer_s() const = 0;  // the one in use: a card may need a longer one
};

// Mono, at the model's rate. `buffer_s`: as in PlayOptions.
std::unique_ptr<Sink> make_pcm_sink(int descriptor, PcmFormat format, int sample_rate,
                                    double buffer_s);
// `which`: as in PlayOptions; "null" requests samples at the pace of a clock and discards them.
std::unique_ptr<Sink> make_card_sink(const std::string& which, int sample_rate, double buffer_s);

}  // namespace minet::live
