// WAV and FLAC: encoded in memory by libsndfile (virtual I/O), then written atomically by
// core/files.hpp, so that a full disk or a kill leaves no partial file.
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

struct Memory {
  std::string bytes;
  std::size_t at = 0;
};

Memory& memory_of(void* user) {
  return *static_cast<Memory*>(user);
}

sf_count_t length_of(void* user) {
  return static_cast<sf_count_t>(memory_of(user).bytes.size());
}
sf_count_t tell(void* user) {
  return static_cast<sf_count_t>(memory_of(user).at);
}

sf_count_t seek(sf_count_t offset, int whence, void* user) {
  Memory& memory = memory_of(user);
  const sf_count_t base = whence == SEEK_SET   ? 0
                          : whence == SEEK_CUR ? static_cast<sf_count_t>(memory.at)
                                               : static_cast<sf_count_t>(memory.bytes.size());
  if (base + offset < 0) return -1;
  memory.at = static_cast<std::size_t>(base + offset);
  return base + offset;
}

sf_count_t read(void* out, sf_count_t count, void* user) {
  Memory& memory = memory_of(user);
  const std::size_t start = std::min(memory.at, memory.bytes.size());
  const std::size_t n = std::min(static_cast<std::size_t>(count), memory.bytes.size() - start);
  std::memcpy(out, memory.bytes.data() + start, n);
  memory.at = start + n;
  return static_cast<sf_count_t>(n);
}

sf_count_t write(const void* in, sf_count_t count, void* user) {
  Memory& memory = memory_of(user);
  try {  // called from C code, which no exception may cross
    const std::size_t end = memory.at + static_cast<std::size_t>(count);
    if (end > memory.bytes.size()) memory.bytes.resize(end);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  std::memcpy(memory.bytes.data() + memory.at, in, static_cast<std::size_t>(count));
  memory.at += static_cast<std::size_t>(count);
  return count;
}

// Rounds to `bits`, placed in the upper bits as libsndfile expects. Reading divides by half the
// range, so it inverts this to half a step (at +1: one step).
int to_step(float sample, int bits) {
  const double half = std::ldexp(1.0, bits - 1);
  const double step = std::nearbyint(static_cast<double>(std::clamp(sample, -1.0F, 1.0F)) * half);
  return static_cast<int>(std::min(step, half - 1)) * (1 << (32 - bits));
}

std::string encode(const Sound& sound, int format, int bits) {
  if (sound.sample_rate < kMinSampleRate || sound.sample_rate > kMaxSampleRate ||
      sound.seconds() > kMaxSoundSeconds) {
    throw InputError(text("expected a sound of ", kMinSampleRate, " to ", kMaxSampleRate,
                          " Hz and up to ", human_duration(kMaxSoundSeconds), " to write, got ",
                          sound.samples.size(), " samples at ", sound.sample_rate, " Hz"));
  }
  if (format == SF_FORMAT_FLAC && sound.samples.empty()) {  // libsndfile would write no byte
    throw InputError("expected at least one sample to write as FLAC, got none");
  }
  const auto bad = std::find_if(sound.samples.begin(), sound.samples.end(),
                                [](float value) { return !std::isfinite(value); });
  if (bad != sound.samples.end()) {
    throw WorkError(text("expected finite samples to write, got ", *bad, " at sample ",
                         bad - sound.samples.begin()));
  }
  SF_VIRTUAL_IO io{
      .get_filelen = length_of, .seek = seek, .read = read, .write = write, .tell = tell};
  SF_INFO info{};
  info.samplerate = sound.sample_rate;
  info.channels = 1;
  info.format = format | (bits == 24 ? SF_FORMAT_PCM_24 : SF_FORMAT_PCM_16);
  Memory memory;
  memory.bytes.reserve(sound.samples.size() * 2 + 4096);
  SNDFILE* file = sf_open_virtual(&io, SFM_WRITE, &info, &memory);
  if (file == nullptr) {
    throw WorkError(
        text("expected to encode a sound, but libsndfile says: ", sf_strerror(nullptr)));
  }
  std::vector<int> steps(std::min<std::size_t>(sound.samples.size(), 65536));
  bool right = true;
  for (std::size_t done = 0; right && done < sound.samples.size();) {
    const std::size_t count = std::min(steps.size(), sound.samples.size() - done);
    for (std::size_t i = 0; i < count; ++i) steps[i] = to_step(sound.samples[done + i], bits);
    const auto written = sf_write_int(file, steps.data(), static_cast<sf_count_t>(count));
    right = written == static_cast<sf_count_t>(count);
    done += count;
  }
  right = sf_error(file) == SF_ERR_NO_ERROR && right;
  right = sf_close(file) == 0 && right;
  if (format == SF_FORMAT_WAV)
    right = right && memory.bytes.size() >= 44 + 2 * sound.samples.size();
  if (!right) {
    throw WorkError(text("expected to encode ", sound.samples.size(),
                         " samples, but libsndfile stopped before the end"));
  }
  return std::move(memory.bytes);
}

}  // namespace

std::string wav_bytes(const Sound& sound) {
  return encode(sound, SF_FORMAT_WAV, 16);
}
std::string flac_bytes(const Sound& sound) {
  return encode(sound, SF_FORMAT_FLAC, 16);
}

bool is_sound_output(const std::filesystem::path& path) {
  const std::string extension = lower(path.extension().string());
  return extension == ".wav" || extension == ".flac";
}

void save_sound(const std::filesystem::path& path, const Sound& sound, int bits,
                SaveOptions options) {
  if (!is_sound_output(path) || (bits != 16 && bits != 24)) {
    throw InputError(text("expected a sound to write as .wav or .flac with 16 or 24 bits, got ",
                          printable(path.string()), " with ", bits, "; name it so"));
  }
  const bool flac = lower(path.extension().string()) == ".flac";
  save_file(path, encode(sound, flac ? SF_FORMAT_FLAC : SF_FORMAT_WAV, bits), options);
}

void save_wav(const std::filesystem::path& path, const Sound& sound, SaveOptions options) {
  save_file(path, wav_bytes(sound), options);
}

void save_flac(const std::filesystem::path& path, const Sound& sound, SaveOptions options) {
  save_file(path, flac_bytes(sound), options);
}

}  // namespace minet::audio
