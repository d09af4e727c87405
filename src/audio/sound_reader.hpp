// An open sound file, read in blocks and mixed to mono: libsndfile behind our own checks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "audio/sniff.hpp"
#include "minet/core/scratch.hpp"

struct sf_private_tag;

namespace minet::audio {

class SoundReader {
 public:
  // `file` was sniffed and is native; `link` is the index in its `links`, if it has any. InputError
  // if libsndfile sees anything else in it.
  SoundReader(std::shared_ptr<const InputFile> file, const Sniffed& sniffed,
              const std::filesystem::path& path, std::size_t link = 0);
  // A file that our ffmpeg run wrote for `origin`, which messages name.
  SoundReader(const std::filesystem::path& path, const std::filesystem::path& origin);
  int sample_rate() const { return sample_rate_; }
  int channels() const { return channels_; }
  // 1 or -1 for each channel, applied before they are averaged.
  void set_signs(std::vector<float> signs) { signs_ = std::move(signs); }
  // Reads the rest of the file into `sums`.
  void measure_channels(class ChannelSums& sums);
  std::int64_t samples() const { return samples_; }  // per channel; -1: unknown
  void seek(std::int64_t sample);                    // within the file
  // Reads up to mono.size() samples and returns their number. InputError for a decoder error and
  // for NaN, infinity or absurd values.
  std::size_t read(std::span<float> mono);

 private:
  void check_open(const std::string& what) const;
  struct Close {
    void operator()(sf_private_tag* file) const;
  };
  std::filesystem::path origin_;
  struct Window;
  struct CloseWindow {
    void operator()(Window* window) const;
  };
  std::size_t read_block(std::size_t wanted);
  std::unique_ptr<Window, CloseWindow> window_;  // what file_ reads if not a file of its own
  std::unique_ptr<sf_private_tag, Close> file_;
  int sample_rate_ = 0;
  int channels_ = 0;
  std::int64_t samples_ = -1;
  std::int64_t position_ = 0;
  std::vector<float> block_;
  std::vector<float> signs_;
};

// Decodes any file that ffmpeg supports, following its time stamps. Throws InputError if ffmpeg is
// not installed or finds no sound, WorkError if it was stopped or ran out of space.
class ForeignSound {
 public:
  explicit ForeignSound(const std::filesystem::path& path);
  // Starts from the beginning each time.
  std::unique_ptr<SoundReader> open() const;

 private:
  std::filesystem::path origin_;
  std::optional<ScratchFolder> folder_;  // holds the decoded copy
};

}  // namespace minet::audio
