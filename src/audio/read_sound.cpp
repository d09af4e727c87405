// Reading sound files: whole and resampled, or a segment as it is.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "audio/sound_reader.hpp"
#include "minet/audio/resample.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

constexpr std::size_t kBlock = 65536;        // samples
constexpr std::int64_t kBelieved = 1 << 21;  // samples that a header is believed: 8 MB

// Everything that is left in `reader`, resampled.
Sound read_all(SoundReader& reader, int sample_rate, const std::filesystem::path& path) {
  Resampler resampler(reader.sample_rate(), sample_rate);
  Sound sound{.sample_rate = sample_rate, .samples = {}};
  if (reader.samples() > 0) {
    const std::int64_t seconds = reader.samples() / reader.sample_rate() + 1;
    sound.samples.reserve(static_cast<std::size_t>(std::min(kBelieved, seconds * sample_rate)));
  }
  std::vector<float> block(kBlock);
  std::int64_t read = 0;
  for (;;) {
    const std::size_t got = reader.read(block);
    if (got == 0) break;
    read += static_cast<std::int64_t>(got);
    check_limits(path, reader.sample_rate(), 1, read);
    resampler.push(std::span(block).first(got), sound.samples);
  }
  if (read == 0) throw InputError(text("Expected sound in ", shown(path), ", but it holds none."));
  if (read < reader.samples()) {
    throw InputError(text("Expected ", reader.samples(), " samples in ", shown(path),
                          " as its header says, but it ends after ", read,
                          "; it is cut off or damaged, so copy it again."));
  }
  resampler.finish(sound.samples);
  return sound;
}

Sniffed sniff_native(const InputFile& file, const std::filesystem::path& path) {
  const Sniffed sniffed = sniff(file, path);
  if (sniffed.container == Container::other) {
    throw InputError(text("Expected a WAV, FLAC or Ogg Vorbis file at ", shown(path),
                          ", got something else; convert it."));
  }
  return sniffed;
}

}  // namespace

Sound read_sound(const std::filesystem::path& path, int sample_rate) {
  auto file = std::make_unique<InputFile>(path);
  const Sniffed sniffed = sniff(*file, path);
  if (sniffed.container == Container::other) {
    ForeignSound foreign(path);
    return read_all(foreign.reader(), sample_rate, path);
  }
  if (sniffed.cut_off) {
    log::warning(text(shown(path), " has no end mark and may be cut off"));
  }
  SoundReader reader(std::move(file), sniffed, path);
  return read_all(reader, sample_rate, path);
}

Sound read_sound_segment(const std::filesystem::path& path, std::int64_t first_sample,
                         std::int64_t samples) {
  auto file = std::make_unique<InputFile>(path);
  const Sniffed sniffed = sniff_native(*file, path);
  const auto longest = static_cast<std::int64_t>(kMaxSoundSeconds * sniffed.sample_rate);
  if (samples < 0 || samples > longest || first_sample < -longest || first_sample > longest) {
    throw InputError(text("Expected a segment within ", human_duration(kMaxSoundSeconds), " of ",
                          shown(path), ", got ", samples, " samples from ", first_sample, "."));
  }
  SoundReader reader(std::move(file), sniffed, path);
  Sound sound{.sample_rate = reader.sample_rate(), .samples = {}};
  sound.samples.resize(static_cast<std::size_t>(samples));
  const std::int64_t length = reader.samples() < 0 ? longest : reader.samples();
  const std::int64_t from = std::clamp<std::int64_t>(first_sample, 0, length);
  const std::int64_t to = std::clamp<std::int64_t>(first_sample + samples, from, length);
  if (from == to) return sound;
  reader.seek(from);
  const auto place = static_cast<std::size_t>(from - first_sample);
  const auto count = static_cast<std::size_t>(to - from);
  const std::size_t got = reader.read(std::span(sound.samples).subspan(place, count));
  if (got < count && reader.samples() >= 0) {
    throw InputError(text("Expected ", reader.samples(), " samples in ", shown(path),
                          " as its header says, but it ends after ",
                          from + static_cast<std::int64_t>(got),
                          "; it is cut off or damaged, so copy it again."));
  }
  return sound;
}

SoundInfo sound_info(const std::filesystem::path& path) {
  auto file = std::make_unique<InputFile>(path);
  const Sniffed sniffed = sniff_native(*file, path);
  SoundReader reader(std::move(file), sniffed, path);
  return {.format = name_of(sniffed.container),
          .sample_rate = reader.sample_rate(),
          .channels = sniffed.channels,
          .samples = std::max<std::int64_t>(0, reader.samples())};
}

}  // namespace minet::audio
