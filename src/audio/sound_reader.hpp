// An open sound file, read in blocks with the channels averaged: libsndfile behind our checks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "audio/sniff.hpp"

struct sf_private_tag;

namespace minet::audio {

class SoundReader {
 public:
  // `file` was sniffed and is native. InputError if libsndfile sees anything else in it.
  SoundReader(std::unique_ptr<InputFile> file, const Sniffed& sniffed,
              const std::filesystem::path& path);
  // A file that our own ffmpeg run wrote for `origin`, which stands in the messages.
  SoundReader(const std::filesystem::path& path, const std::filesystem::path& origin);
  int sample_rate() const { return sample_rate_; }
  std::int64_t samples() const { return samples_; }  // a channel; -1: unknown
  void seek(std::int64_t sample);                    // within the file
  // The next samples, at most mono.size(); returns how many. InputError for a decoder's error and
  // for NaN, infinity or absurd values.
  std::size_t read(std::span<float> mono);

 private:
  void check_open(const std::string& what) const;
  struct Close {
    void operator()(sf_private_tag* file) const;
  };
  std::filesystem::path origin_;
  std::unique_ptr<InputFile> input_;  // owns the descriptor that file_ reads
  std::unique_ptr<sf_private_tag, Close> file_;
  int sample_rate_ = 0;
  int channels_ = 0;
  std::int64_t samples_ = -1;
  std::int64_t position_ = 0;
  std::vector<float> block_;
};

// Decodes any file that ffmpeg knows. Throws InputError if ffmpeg is not installed or finds no
// sound.
class ForeignSound {
 public:
  explicit ForeignSound(const std::filesystem::path& path);
  ~ForeignSound();
  ForeignSound(const ForeignSound&) = delete;
  ForeignSound& operator=(const ForeignSound&) = delete;
  SoundReader& reader() { return *reader_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<SoundReader> reader_;
};

}  // namespace minet::audio
