// Writes PCM to a descriptor, paced by a clock: the reader plays it `buffer_s` later.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <vector>

#include "live/clock.hpp"
#include "live/sink.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::live {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are written as they are");

class PcmSink : public Sink {
 public:
  PcmSink(int descriptor, PcmFormat format, int sample_rate, double buffer_s)
      : descriptor_(descriptor), format_(format), rate_(sample_rate), buffer_s_(buffer_s) {}

  std::string name() const override {
    return text("PCM, ", format_ == PcmFormat::s16 ? "signed 16 bits" : "32-bit floats",
                ", little endian, mono, ", rate_, " Hz");
  }

  bool wait() override {
    if (due_ == 0) due_ = now_s();
    while (due_ > now_s()) {
      if (stop_signal() != 0) return false;
      sleep_s(due_ - now_s());
    }
    return !gone_ && stop_signal() == 0;
  }

  double write(std::span<const float> block) override {
    encode(block);
    send();
    const double late = now_s() - due_;
    if (late > buffer_s_) {  // the receiver ran dry, or did not read
      ++underruns_;
      due_ += late;
    }
    const double heard = due_ + buffer_s_;
    due_ += static_cast<double>(block.size()) / rate_;
    return heard;
  }

  void drain() override {}
  std::int64_t underruns() const override { return underruns_; }
  double buffer_s() const override { return buffer_s_; }

 private:
  void encode(std::span<const float> block) {
    const std::size_t width = format_ == PcmFormat::s16 ? 2 : 4;
    bytes_.resize(block.size() * width);
    for (std::size_t i = 0; i < block.size(); ++i) {
      const auto whole =
          static_cast<std::int16_t>(std::lround(std::clamp(block[i], -1.0F, 1.0F) * 32767.0F));
      const void* from = format_ == PcmFormat::s16 ? static_cast<const void*>(&whole) : &block[i];
      std::memcpy(bytes_.data() + i * width, from, width);
    }
  }

  void send() {
    std::span<const char> rest = bytes_;
    while (!rest.empty() && !gone_ && stop_signal() == 0) {
      pollfd ready{descriptor_, POLLOUT, 0};
      if (::poll(&ready, 1, 100) <= 0) continue;  // it does not read: check for a stop
      // A pipe is ready if it can take 4 KiB, so this does not block.
      const ssize_t sent =
          ::write(descriptor_, rest.data(), std::min<std::size_t>(rest.size(), 4096));
      if (sent > 0) rest = rest.subspan(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EINTR && errno != EAGAIN) gone_ = true;
    }
  }

  const int descriptor_;
  const PcmFormat format_;
  const int rate_;
  const double buffer_s_;
  std::vector<char> bytes_;
  double due_ = 0;  // when the next block is to be written
  bool gone_ = false;
  std::int64_t underruns_ = 0;
};

}  // namespace

std::unique_ptr<Sink> make_pcm_sink(int descriptor, PcmFormat format, int sample_rate,
                                    double buffer_s) {
  return std::make_unique<PcmSink>(descriptor, format, sample_rate, buffer_s);
}

}  // namespace minet::live
