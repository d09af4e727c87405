// Reading with libsndfile: http://libsndfile.github.io/libsndfile/api.html
#include "audio/sound_reader.hpp"

#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "audio/channels.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

constexpr std::size_t kBlockSamples = 16384;  // per channel
constexpr float kLargestSample = 1e6F;        // larger values are not sound, whatever the scale

// Whether libsndfile sees what sniff() saw; rejects files that the two interpret differently.
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

// Part of a file as libsndfile sees it: one of several Ogg streams, or a WAV file whose header is
// patched to its correct length.
struct SoundReader::Window {
  std::shared_ptr<const InputFile> file;
  std::uint64_t begin = 0, end = 0;
  std::uint64_t at = 0;  // from begin
  std::uint64_t patch_at = 0;
  std::array<unsigned char, 4> patch{};
  bool patched = false;

  std::uint64_t size() const { return end - begin; }
  std::size_t read(unsigned char* out, std::size_t count) {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size() - at));
    const std::size_t got = file->read_at(begin + at, out, count);
    for (std::size_t i = 0; patched && i < patch.size(); ++i) {
      const std::uint64_t place = patch_at + i;
      if (place >= begin + at && place < begin + at + got) out[place - begin - at] = patch[i];
    }
    at += got;
    return got;
  }
};

void SoundReader::CloseWindow::operator()(Window* window) const {
  delete window;
}

SoundReader::SoundReader(std::shared_ptr<const InputFile> file, const Sniffed& sniffed,
                         const std::filesystem::path& path, std::size_t link)
    : origin_(path), window_(new Window) {
  const auto& links = sniffed.links;
  window_->begin = links.empty() ? 0 : links[link];
  window_->end = link + 1 < links.size() ? links[link + 1] : file->size();
  window_->patched = sniffed.true_bytes > 0;
  window_->patch_at = sniffed.length_at;
  for (std::size_t i = 0; i < 4; ++i) {
    window_->patch[i] = static_cast<unsigned char>(sniffed.true_bytes >> (8 * i) & 255);
  }
  window_->file = std::move(file);
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* user) {
    return static_cast<sf_count_t>(static_cast<Window*>(user)->size());
  };
  io.seek = [](sf_count_t offset, int whence, void* user) {
    auto& window = *static_cast<Window*>(user);
    const auto from = whence == SEEK_SET   ? sf_count_t{0}
                      : whence == SEEK_CUR ? static_cast<sf_count_t>(window.at)
                                           : static_cast<sf_count_t>(window.size());
    const auto to =
        std::clamp<sf_count_t>(from + offset, 0, static_cast<sf_count_t>(window.size()));
    window.at = static_cast<std::uint64_t>(to);
    return to;
  };
  io.read = [](void* out, sf_count_t count, void* user) -> sf_count_t {
    try {  // exceptions must not pass through libsndfile's C code
      return static_cast<sf_count_t>(static_cast<Window*>(user)->read(
          static_cast<unsigned char*>(out), static_cast<std::size_t>(count)));
    } catch (const Error&) {
      return 0;
    }
  };
  io.write = [](const void*, sf_count_t, void*) { return sf_count_t{0}; };
  io.tell = [](void* user) { return static_cast<sf_count_t>(static_cast<Window*>(user)->at); };
  SF_INFO info{};
  file_.reset(sf_open_virtual(&io, SFM_READ, &info, window_.get()));
  check_open(text("its ", name_of(sniffed.container), " data are damaged"));
  const bool same = info.channels == sniffed.channels && info.samplerate == sniffed.sample_rate;
  if (!agrees(sniffed.container, info.format) || (!same && link == 0)) {
    throw InputError(text("expected a sound file at ", shown(path), ", but its ",
                          name_of(sniffed.container), " header contradicts itself"));
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
      text("expected a sound file at ", shown(origin_), ", but ", what, " (", lower(reason), ")"));
}

void SoundReader::seek(std::int64_t sample) {
  if (sf_seek(file_.get(), sample, SEEK_SET) != sample) {
    throw InputError(text("expected to find sample ", sample, " in ", shown(origin_),
                          ", but cannot seek in the file; convert it to WAV or FLAC"));
  }
  position_ = sample;
}

// Reads the next samples of all channels into block_.
std::size_t SoundReader::read_block(std::size_t wanted) {
  const sf_count_t got =
      sf_readf_float(file_.get(), block_.data(), static_cast<sf_count_t>(wanted));
  if (got < 0 || sf_error(file_.get()) != SF_ERR_NO_ERROR) {
    throw InputError(text("expected sound in ", shown(origin_), ", but it is damaged at ",
                          human_duration(static_cast<double>(position_) / sample_rate_), " (",
                          printable(sf_strerror(file_.get())), ")"));
  }
  const std::size_t count = static_cast<std::size_t>(got) * static_cast<std::size_t>(channels_);
  bool sound = true;
  for (std::size_t i = 0; i < count; ++i) sound &= std::abs(block_[i]) <= kLargestSample;
  if (!sound) {
    throw InputError(text("expected sound in ", shown(origin_),
                          ", but it holds NaN, infinite or huge values within a second of ",
                          human_duration(static_cast<double>(position_) / sample_rate_)));
  }
  position_ += got;
  return static_cast<std::size_t>(got);
}

std::size_t SoundReader::read(std::span<float> mono) {
  const auto channels = static_cast<std::size_t>(channels_);
  std::size_t done = 0;
  while (done < mono.size()) {
    const std::size_t got = read_block(std::min(kBlockSamples, mono.size() - done));
    if (got == 0) break;
    float* out = mono.data() + done;
    if (channels == 1) {
      std::copy(block_.begin(), block_.begin() + static_cast<std::ptrdiff_t>(got), out);
    } else {
      const float share = 1.0F / static_cast<float>(channels_);
      for (std::size_t i = 0; i < got; ++i) {
        float sum = 0;
        for (std::size_t c = 0; c < channels; ++c) {
          const float sample = block_[i * channels + c];
          sum += signs_.empty() ? sample : signs_[c] * sample;
        }
        out[i] = sum * share;
      }
    }
    done += got;
  }
  return done;
}

void SoundReader::measure_channels(ChannelSums& sums) {
  while (const std::size_t got = read_block(kBlockSamples)) {
    sums.add(std::span(block_).first(got * static_cast<std::size_t>(channels_)));
  }
}

}  // namespace minet::audio
