// Checks a sound file's header before any library sees the file: which reader may open it, and what
// the header claims. Only files that libsndfile reads with its plain PCM, FLAC and Vorbis code are
// native; its other WAV decoders have open memory errors (CVE-2026-37555 among them).
// WAV: https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>
#include "minet/core/words.hpp"

namespace minet::audio {

enum class Container { wav, flac, ogg_vorbis, other };
const char* name_of(Container container);

struct Sniffed {
  Container container = Container::other;
  std::uint64_t file_bytes = 0;
  int sample_rate = 0;
  int channels = 0;
  std::int64_t samples = -1;  // per channel; -1: not in the header
  bool cut_off = false;       // Ogg: the last page is not marked as the stream's end
  std::string length_note;    // WAV: how the length was found if the header's is wrong
  // WAV: the correct length, and the offset of the header's length; 0 if that is correct.
  std::uint32_t true_bytes = 0;
  std::uint64_t length_at = 0;
  // Ogg: the offset of each of several chained recordings; empty if there is one.
  std::vector<std::uint64_t> links;
};

// A file that is open for reading; closed by the destructor.
class InputFile {
 public:
  explicit InputFile(
      const std::filesystem::path& path);  // InputError: missing, a folder, empty, ...
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  int descriptor() const { return fd_; }
  std::uint64_t size() const { return size_; }
  // Reads up to `count` bytes at `offset`; returns their number.
  std::size_t read_at(std::uint64_t offset, void* out, std::size_t count) const;

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

// InputError for a damaged or truncated header and for anything beyond the limits of sound.hpp.
Sniffed sniff(const InputFile& file, const std::filesystem::path& path);

// InputError if a header's values exceed the limits of sound.hpp. samples -1: unknown.
void check_limits(const std::filesystem::path& path, std::int64_t sample_rate,
                  std::int64_t channels, std::int64_t samples);

}  // namespace minet::audio
