#include <RtAudio.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "live/card.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/live/play.hpp"

namespace minet::live {
namespace {

constexpr int kMostTimes = 6;  // times the model's rate: 16 kHz to 96 kHz

// Silences stderr: ALSA and PulseAudio write to it about every device that they do not find.
class Silence {
 public:
  Silence() : kept_(::dup(STDERR_FILENO)), nothing_(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {
    if (kept_ >= 0 && nothing_ >= 0) ::dup2(nothing_, STDERR_FILENO);
  }
  ~Silence() {
    if (kept_ >= 0) ::dup2(kept_, STDERR_FILENO);
    for (const int descriptor : {kept_, nothing_}) {
      if (descriptor >= 0) ::close(descriptor);
    }
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int kept_, nothing_;
};

// JACK 1 gives its threads stacks of 512 KiB and writes to 500,000 bytes of each before they run.
// Too little is left for LibTorch's thread-local data, and the process dies with SIGSEGV.
void give_room_to_jack_threads() {
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  using SetCreator = void(Create*);
  auto* const set = reinterpret_cast<SetCreator*>(::dlsym(RTLD_DEFAULT, "jack_set_thread_creator"));
  if (set == nullptr) return;  // this RtAudio has no JACK
  set([](pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* with) {
    constexpr std::size_t kStack = 2 << 20;
    if (attributes != nullptr) {
      ::pthread_attr_setstacksize(const_cast<pthread_attr_t*>(attributes), kStack);
    }
    return ::pthread_create(thread, attributes, run, with);
  });
}

// JACK if it runs, else PulseAudio (or PipeWire in its place), else ALSA.
void start_audio(std::optional<RtAudio>& audio) {
  const Silence silence;
  give_room_to_jack_threads();
  audio.emplace();
  audio->showWarnings(false);
}

struct Device {
  unsigned int id;
  RtAudio::DeviceInfo info;
};

std::vector<Device> devices_of(RtAudio& audio) {
  const Silence silence;
  std::vector<Device> devices;
  for (unsigned int id = 0; id < audio.getDeviceCount(); ++id) {
    RtAudio::DeviceInfo info = audio.getDeviceInfo(id);
    if (info.probed && info.outputChannels > 0) devices.push_back({id, std::move(info)});
  }
  return devices;
}

std::string list_of(const std::vector<Device>& devices) {
  std::vector<std::string> names;
  names.reserve(devices.size());
  for (const Device& device : devices) {
    names.push_back(text(device.id, " \"", printable(device.info.name), "\""));
  }
  return join(names, ", ");
}

const Device& chosen(const std::vector<Device>& devices, const std::string& which) {
  if (devices.empty()) {
    throw InputError("sound: expected a sound card, found none; use PCM, or the card null");
  }
  const auto matches = [&](const Device& device) {
    if (which == "default") return device.info.isDefaultOutput;
    return text(device.id) == which ||
           lower(device.info.name).find(lower(which)) != std::string::npos;
  };
  const auto found = std::find_if(devices.begin(), devices.end(), matches);
  if (found != devices.end()) return *found;
  if (which == "default") return devices.front();
  throw InputError(
      text("sound: expected one of the cards ", list_of(devices), ", got ", printable(which)));
}

unsigned int rate_for(const Device& device, int sample_rate) {
  const std::vector<unsigned int>& rates = device.info.sampleRates;
  for (int times = 1; times <= kMostTimes; ++times) {
    const auto rate = static_cast<unsigned int>(times * sample_rate);
    if (std::find(rates.begin(), rates.end(), rate) != rates.end()) return rate;
  }
  throw InputError(text("sound: expected a card that plays ", sample_rate,
                        " Hz or up to 6 times as many, but \"", printable(device.info.name),
                        "\" does not; choose another"));
}

class RtAudioCard : public Card {
 public:
  RtAudioCard(const std::string& which, const CardOptions& options, Pull pull)
      : pull_(std::move(pull)) {
    try {
      open(which, options);
    } catch (const RtAudioError& error) {
      throw WorkError(text("the sound card cannot be opened: ", printable(error.what())));
    }
  }
  ~RtAudioCard() override {
    const Silence silence;
    for (const auto end : {&RtAudio::abortStream, &RtAudio::closeStream}) {
      try {
        ((*audio_).*end)();
      } catch (const RtAudioError&) {  // its server is gone
      }
    }
  }
  std::string name() const override {
    return text("sound card \"", printable(name_), "\" (", server_, ")");
  }
  int sample_rate() const override { return rate_; }
  double period_s() const override { return at_once_ * static_cast<double>(mono_.size()) / rate_; }
  double latency_s() const override { return latency_s_; }

 private:
  void open(const std::string& which, const CardOptions& wanted) {
    start_audio(audio_);
    const std::vector<Device> devices = devices_of(*audio_);
    const Device& device = chosen(devices, which);
    name_ = device.info.name;
    server_ = RtAudio::getApiDisplayName(audio_->getCurrentApi());
    rate_ = static_cast<int>(rate_for(device, wanted.sample_rate));
    channels_ = std::min(2U, device.info.outputChannels);
    RtAudio::StreamParameters to;
    to.deviceId = device.id;
    to.nChannels = channels_;
    RtAudio::StreamOptions options;
    // PulseAudio asks irregularly, often for two blocks in a row, and with only two buffers of its
    // own there are gaps that it does not report.
    const bool pulse = audio_->getCurrentApi() == RtAudio::LINUX_PULSE;
    at_once_ = pulse ? 2 : 1;
    options.numberOfBuffers =
        pulse ? 1 + static_cast<unsigned int>(std::ceil(wanted.buffer_s / wanted.period_s)) : 2;
    options.streamName = "minet";
    auto frames = static_cast<unsigned int>(wanted.period_s * rate_);
    const Silence silence;
    audio_->openStream(&to, nullptr, RTAUDIO_FLOAT32, static_cast<unsigned int>(rate_), &frames,
                       &called, this, &options);
    mono_.resize(frames);
    audio_->startStream();
    const long said = audio_->getStreamLatency();  // in frames; 0: unknown
    const long kept = static_cast<long>(options.numberOfBuffers) * static_cast<long>(frames);
    latency_s_ = static_cast<double>(said > 0 ? said : kept) / rate_;
  }

  static int called(void* output, void*, unsigned int frames, double, RtAudioStreamStatus status,
                    void* context) {
    RtAudioCard& self = *static_cast<RtAudioCard*>(context);
    bool gap = (status & RTAUDIO_OUTPUT_UNDERFLOW) != 0;
    auto* to = static_cast<float*>(output);
    while (frames > 0) {
      const std::size_t count = std::min<std::size_t>(frames, self.mono_.size());
      const std::span<float> block = std::span(self.mono_).first(count);
      self.pull_(block, std::exchange(gap, false));
      for (const float sample : block) {
        for (unsigned int channel = 0; channel < self.channels_; ++channel) *to++ = sample;
      }
      frames -= static_cast<unsigned int>(count);
    }
    return 0;
  }

  Pull pull_;
  std::optional<RtAudio> audio_;
  std::string name_, server_;
  int rate_ = 0;
  unsigned int channels_ = 1;
  int at_once_ = 1;  // blocks
  double latency_s_ = 0;
  std::vector<float> mono_;
};

}  // namespace

std::unique_ptr<Card> make_rtaudio_card(const std::string& which, const CardOptions& options,
                                        Pull pull) {
  return std::make_unique<RtAudioCard>(which, options, std::move(pull));
}

std::string list_cards() {
  std::optional<RtAudio> audio;
  start_audio(audio);
  std::string list = "null  no output\n";
  for (const Device& device : devices_of(*audio)) {
    std::vector<std::string> rates;
    for (const unsigned int rate : device.info.sampleRates) rates.push_back(text(rate));
    list += text(device.id, "  ", printable(device.info.name),
                 device.info.isDefaultOutput ? " (default)" : "", ": ", join(rates, ", "), " Hz\n");
  }
  return list;
}

}  // namespace minet::live
