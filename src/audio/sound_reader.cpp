// libsndfile's side of reading: http://libsndfile.github.io/libsndfile/api.html
#include "audio/sound_reader.hpp"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

constexpr std::size_t kBlockSamples = 16384;  // a channel
constexpr float kLargestSample = 1e6F;        // beyond this it is no sound, whatever its scale

// What a sniffed file may be for libsndfile; keeps a file that the two read differently out.
bool agrees(Container container, int format) {
  const int major = format & SF_FORMAT_TYPEMASK;
  const int coding = format & SF_FORMAT_SUBMASK;
  switch (container) {
    case Container::wav: {
      const bool pcm = coding == SF_FORMAT_PCM_U8 || coding == SF_FORMAT_PCM_16 ||
                       coding == SF_FORMAT_PCM_24 || coding == SF_FORMAT_PCM_32 ||
                       coding == SF_FORMAT_FLOAT || coding == SF_FORMAT_DOUBLE;
      return (major == SF_FORMAT_WAV || major == SF_FORMAT_WAVEX) && pcm;
    }
    case Container::flac:
      return major == SF_FORMAT_FLAC;
    case Container::ogg_vorbis:
      return major == SF_FORMAT_OGG && coding == SF_FORMAT_VORBIS;
    case Container::other:
      break;
  }
  return false;
}

}  // namespace

void SoundReader::Close::operator()(sf_private_tag* file) const {
  sf_close(file);
}

SoundReader::SoundReader(std::unique_ptr<InputFile> file, const Sniffed& sniffed,
                         const std::filesystem::path& path)
    : origin_(path), input_(std::move(file)) {
  SF_INFO info{};
  file_.reset(sf_open_fd(input_->descriptor(), SFM_READ, &info, SF_FALSE));
  check_open(text("its ", name_of(sniffed.container), " data are damaged"));
  if (!agrees(sniffed.container, info.format) || info.channels != sniffed.channels ||
      info.samplerate != sniffed.sample_rate) {
    throw InputError(text("Expected a sound file at ", shown(path), ", but its ",
                          name_of(sniffed.container), " header contradicts itself."));
  }
  sample_rate_ = info.samplerate;
  channels_ = info.channels;
  samples_ = sniffed.container == Container::ogg_vorbis && info.frames < SF_COUNT_MAX
                 ? static_cast<std::int64_t>(info.frames)
                 : sniffed.samples;
  check_limits(path, sample_rate_, channels_, samples_);
  block_.resize(kBlockSamples * static_cast<std::size_t>(channels_));
}

SoundReader::SoundReader(const std::filesystem::path& path, const std::filesystem::path& origin)
    : origin_(origin) {
  SF_INFO info{};
  file_.reset(sf_open(path.c_str(), SFM_READ, &info));
  check_open("ffmpeg's copy of it cannot be read");
  sample_rate_ = info.samplerate;
  channels_ = info.channels;
  check_limits(origin, sample_rate_, channels_, -1);
  block_.resize(kBlockSamples * static_cast<std::size_t>(channels_));
}

void SoundReader::check_open(const std::string& what) const {
  if (file_ != nullptr) return;
  std::string reason(trim(printable(sf_strerror(nullptr))));
  while (!reason.empty() && reason.back() == '.') reason.pop_back();
  throw InputError(
      text("Expected a sound file at ", shown(origin_), ", but ", what, " (", lower(reason), ")."));
}

void SoundReader::seek(std::int64_t sample) {
  if (sf_seek(file_.get(), sample, SEEK_SET) != sample) {
    throw InputError(text("Expected to find sample ", sample, " in ", shown(origin_),
                          ", but the file cannot be searched; convert it to WAV or FLAC."));
  }
  position_ = sample;
}

std::size_t SoundReader::read(std::span<float> mono) {
  std::size_t done = 0;
  while (done < mono.size()) {
    const std::size_t wanted = std::min(kBlockSamples, mono.size() - done);
    const sf_count_t got =
        sf_readf_float(file_.get(), block_.data(), static_cast<sf_count_t>(wanted));
    if (got < 0 || sf_error(file_.get()) != SF_ERR_NO_ERROR) {
      throw InputError(text("Expected sound in ", shown(origin_), ", but it is damaged at ",
                            human_duration(static_cast<double>(position_) / sample_rate_), " (",
                            printable(sf_strerror(file_.get())), ")."));
    }
    if (got == 0) break;
    const auto channels = static_cast<std::size_t>(channels_);
    const std::size_t count = static_cast<std::size_t>(got) * channels;
    bool sound = true;
    for (std::size_t i = 0; i < count; ++i) sound &= std::abs(block_[i]) <= kLargestSample;
    if (!sound) {
      throw InputError(text("Expected sound in ", shown(origin_),
                            ", but it holds NaN, infinite or huge values within a second of ",
                            human_duration(static_cast<double>(position_) / sample_rate_), "."));
    }
    float* out = mono.data() + done;
    if (channels == 1) {
      std::copy(block_.begin(), block_.begin() + got, out);
    } else {
      const float share = 1.0F / static_cast<float>(channels_);
      for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
        float sum = 0;
        for (std::size_t c = 0; c < channels; ++c) sum += block_[i * channels + c];
        out[i] = sum * share;
      }
    }
    done += static_cast<std::size_t>(got);
    position_ += got;
  }
  return done;
}

}  // namespace minet::audio
