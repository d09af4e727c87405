// Reading sound files: whole and resampled, or a segment at its own rate.
#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <utility>

#include "audio/channels.hpp"
#include "audio/sound_reader.hpp"
#include "minet/audio/resample.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

constexpr std::size_t kBlock = 65536;        // samples
constexpr std::int64_t kBelieved = 1 << 21;  // samples reserved on a header's word: 8 MB

using OpenReader = std::function<std::unique_ptr<SoundReader>()>;

// Appends the rest of `reader`, resampled, to `sound`.
void read_all(SoundReader& reader, Sound& sound, const std::filesystem::path& path) {
  Resampler resampler(reader.sample_rate(), sound.sample_rate);
  if (reader.samples() > 0) {
    const std::int64_t seconds = reader.samples() / reader.sample_rate() + 1;
    sound.samples.reserve(sound.samples.size() + static_cast<std::size_t>(std::min(
                                                     kBelieved, seconds * sound.sample_rate)));
  }
  std::vector<float> block(kBlock);
  std::int64_t read = 0;
  for (;;) {
    const std::size_t got = reader.read(block);
    if (got == 0) break;
    throw_if_stopped_while("reading sound");  // hours of it take a while
    read += static_cast<std::int64_t>(got);
    check_limits(path, reader.sample_rate(), 1, read);
    resampler.push(std::span(block).first(got), sound.samples);
  }
  if (read == 0) {
    throw InputError(text("expected sound in ", shown(path),
                          ", but nothing follows its header, or the header says so; save it again, "
                          "or repair it with a program that reads past the header"));
  }
  if (read < reader.samples()) {
    throw InputError(text("expected ", reader.samples(), " samples in ", shown(path),
                          " as its header says, but it ends after ", read,
                          "; it is cut off or damaged, so copy it again"));
  }
  resampler.finish(sound.samples);
}

// Reads a sound of several channels twice, first to check whether any of them would cancel.
void read_channels(const OpenReader& open, Sound& sound, const std::filesystem::path& path,
                   Notices& notices) {
  std::unique_ptr<SoundReader> reader = open();
  if (reader->channels() > 1) {
    ChannelSums sums(reader->channels());
    reader->measure_channels(sums);
    const std::vector<float> signs = sums.signs();
    reader = open();
    std::vector<std::string> turned;
    for (std::size_t c = 0; c < signs.size(); ++c) {
      if (signs[c] < 0) turned.push_back(text(c + 1));
    }
    if (!turned.empty()) {
      notices.push_back({NoticeKind::channels,
                         text(turned.size() == 1 ? "channel " : "channels ", join(turned, ", "),
                              " of ", signs.size(), turned.size() == 1 ? " is" : " are",
                              " in opposite phase to a louder one and would cancel it: inverted")});
      reader->set_signs(signs);
    }
  }
  read_all(*reader, sound, path);
}

Sniffed sniff_native(const InputFile& file, const std::filesystem::path& path) {
  const Sniffed sniffed = sniff(file, path);
  if (sniffed.container == Container::other) {
    throw InputError(text("expected a WAV, FLAC or Ogg Vorbis file at ", shown(path),
                          ", got something else; convert it"));
  }
  return sniffed;
}

}  // namespace

Sound read_sound(const std::filesystem::path& path, int sample_rate, Notices* notices) {
  const auto file = std::make_shared<const InputFile>(path);
  const Sniffed sniffed = sniff(*file, path);
  Sound sound{.sample_rate = sample_rate, .samples = {}};
  Notices noticed;
  if (sniffed.container == Container::other) {
    const ForeignSound foreign(path);
    read_channels([&] { return foreign.open(); }, sound, path, noticed);
  } else {
    if (sniffed.cut_off) {
      noticed.push_back({NoticeKind::length, "the file has no end mark and may be cut off"});
    }
    if (!sniffed.length_note.empty()) {
      noticed.push_back({NoticeKind::header_length, sniffed.length_note});
    }
    const std::size_t links = std::max<std::size_t>(1, sniffed.links.size());
    if (links > 1) {
      noticed.push_back({NoticeKind::header_length,
                         text(links, " recordings follow one another in the file: read as one")});
    }
    for (std::size_t link = 0; link < links; ++link) {
      read_channels([&] { return std::make_unique<SoundReader>(file, sniffed, path, link); }, sound,
                    path, noticed);
    }
  }
  if (notices != nullptr) {
    append(*notices, std::move(noticed));
  } else {
    for (Notice& notice : noticed) notice.where = path.string();
    say(noticed);
  }
  return sound;
}

Sound read_sound_segment(const std::filesystem::path& path, std::int64_t first_sample,
                         std::int64_t samples) {
  const auto file = std::make_shared<const InputFile>(path);
  const Sniffed sniffed = sniff_native(*file, path);
  const auto longest = static_cast<std::int64_t>(kMaxSoundSeconds * sniffed.sample_rate);
  if (samples < 0 || samples > longest || first_sample < -longest || first_sample > longest) {
    throw InputError(text("expected a segment within ", human_duration(kMaxSoundSeconds), " of ",
                          shown(path), ", got ", samples, " samples from ", first_sample));
  }
  SoundReader reader(file, sniffed, path);
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
    throw InputError(text("expected ", reader.samples(), " samples in ", shown(path),
                          " as its header says, but it ends after ",
                          from + static_cast<std::int64_t>(got),
                          "; it is cut off or damaged, so copy it again"));
  }
  return sound;
}

SoundInfo sound_info(const std::filesystem::path& path) {
  const auto file = std::make_shared<const InputFile>(path);
  const Sniffed sniffed = sniff_native(*file, path);
  const SoundReader reader(file, sniffed, path);
  return {.format = name_of(sniffed.container),
          .sample_rate = reader.sample_rate(),
          .channels = sniffed.channels,
          .samples = std::max<std::int64_t>(0, reader.samples())};
}

}  // namespace minet::audio
