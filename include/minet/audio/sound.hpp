// Sound files: reads any common recording as mono floats, and writes 16-bit WAV and FLAC.
//
// WAV (integer and float PCM, extensible), FLAC and Ogg Vorbis are read here through libsndfile,
// after a check of their headers that keeps libsndfile's less safe decoders out of reach.
// Everything else (mp3, m4a, Opus, a video's sound track) goes through the program ffmpeg if it is
// installed. Files are untrusted: 1 to 8 channels, 4 to 192 kHz and 4 hours are the limits, memory
// is allocated as samples arrive and never because a header promises them, and NaN or infinity is
// refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/core/files.hpp"
#include "minet/core/notices.hpp"

namespace minet::audio {

inline constexpr int kMinSampleRate = 4000;    // Hz
inline constexpr int kMaxSampleRate = 192000;  // Hz
inline constexpr int kMaxChannels = 8;
inline constexpr double kMaxSoundSeconds = 4 * 3600;

struct Sound {
  int sample_rate = 16000;     // Hz
  std::vector<float> samples;  // mono, nominally in [-1, 1]
  double seconds() const { return static_cast<double>(samples.size()) / sample_rate; }
};

struct SoundInfo {
  std::string format;  // "WAV", "FLAC" or "Ogg Vorbis"
  int sample_rate = 0;
  int channels = 0;
  std::int64_t samples = 0;  // per channel, according to the header
  double seconds() const { return static_cast<double>(samples) / sample_rate; }
};

// The whole file, channels averaged, resampled to `sample_rate`. Channels in opposite phase would
// cancel, so they are inverted first; a header without a valid length is ignored; what ffmpeg
// decodes is placed by its time stamps, on the clock of core/film.hpp. Notices are added to
// `notices`. InputError if the file is missing, empty, a folder, not sound, truncated or over the
// limits; WorkError if decoding fails for lack of disk space or memory.
Sound read_sound(const std::filesystem::path& path, int sample_rate = 16000,
                 Notices* notices = nullptr);

// For prepared files: samples first_sample .. first_sample + samples - 1 at the file's own rate,
// channels averaged; zeros outside the file. From WAV, FLAC and Ogg Vorbis it reads only what it
// returns.
Sound read_sound_segment(const std::filesystem::path& path, std::int64_t first_sample,
                         std::int64_t samples);

// The header of a WAV, FLAC or Ogg Vorbis file; InputError for anything else.
SoundInfo sound_info(const std::filesystem::path& path);

// Fades `seconds` at both ends, as a raised cosine; at most half of the sound each.
void fade_ends(Sound& sound, double seconds);

// 16-bit mono, written atomically: clipped to [-1, 1] and rounded to the nearest step, no dither.
// WorkError if a sample is not a number; InputError for no samples as FLAC.
void save_wav(const std::filesystem::path& path, const Sound& sound, SaveOptions options = {});
void save_flac(const std::filesystem::path& path, const Sound& sound, SaveOptions options = {});
// In the format of the extension, .wav or .flac, with 16 or 24 bits; InputError for others.
void save_sound(const std::filesystem::path& path, const Sound& sound, int bits = 16,
                SaveOptions options = {});
bool is_sound_output(const std::filesystem::path& path);  // whether save_sound knows the extension
std::string wav_bytes(const Sound& sound);                // the file that save_wav writes
std::string flac_bytes(const Sound& sound);               // the file that save_flac writes

}  // namespace minet::audio
