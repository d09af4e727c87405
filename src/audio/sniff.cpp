// Header checks of WAV, FLAC and Ogg files.
#include "audio/sniff.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "minet/audio/sound.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

using Bytes = std::array<unsigned char, 64>;

std::uint32_t little(const unsigned char* p, int count) {
  std::uint32_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | p[i];
  return value;
}

bool has(const unsigned char* p, std::string_view tag) {
  return std::memcmp(p, tag.data(), tag.size()) == 0;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw InputError(text("expected a sound file at ", shown(path), ", but ", what));
}

[[noreturn]] void fail_to_open(const std::filesystem::path& path) {
  throw WorkError(text("cannot open ", shown(path), ": ", std::strerror(errno)));
}

// Programs that write to a pipe cannot go back to fill in the length: sox leaves 0x7ffff000 or
// more, ffmpeg 0xffffffff. The sound then extends to the end of the file.
constexpr std::uint32_t kUnknownLength = 0x7ffff000;
constexpr int kMostChunks = 4096;

// Parses the fmt chunk; false for an encoding that libsndfile must not decode.
bool read_wav_format(const unsigned char* fmt, std::uint32_t size,
                     const std::filesystem::path& path, Sniffed& out, std::uint32_t& block) {
  std::uint32_t tag = little(fmt, 2);
  out.channels = static_cast<int>(little(fmt + 2, 2));
  const std::uint32_t rate = little(fmt + 4, 4);
  block = little(fmt + 12, 2);
  const std::uint32_t bits = little(fmt + 14, 2);
  if (tag == 0xfffe) {  // extensible: the actual tag is the start of the sub-format's GUID
    if (size < 40) refuse(path, "its extensible fmt chunk is too short");
    tag = little(fmt + 24, 2);
    constexpr std::string_view kGuidRest("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71",
                                         14);
    if (!has(fmt + 26, kGuidRest)) return false;
  }
  const bool integer = tag == 1 && (bits == 8 || bits == 16 || bits == 24 || bits == 32);
  const bool real = tag == 3 && (bits == 32 || bits == 64);
  if (!integer && !real) return false;
  check_limits(path, rate, out.channels, -1);
  out.sample_rate = static_cast<int>(rate);
  if (block != static_cast<std::uint32_t>(out.channels) * bits / 8) {
    refuse(path, text("its header gives ", block, " bytes for ", out.channels, " channels of ",
                      bits, " bits"));
  }
  return true;
}

// libsndfile adds the sizes in a LIST chunk in 32 bits: one near 2^32 makes it go back, for ever.
void check_list(const InputFile& file, std::uint64_t at, std::uint64_t end,
                const std::filesystem::path& path) {
  Bytes bytes{};
  while (at + 8 <= end && file.read_at(at, bytes.data(), 8) == 8) {
    const std::uint64_t size = little(bytes.data() + 4, 4);
    if (size > 0x7fffffff) {
      refuse(path,
             "its LIST chunk (title, artist and the like) is broken; ffmpeg -i FILE "
             "-map_metadata -1 NEW.wav leaves that out");
    }
    at += 8 + size + size % 2;
  }
}

// Whether a chunk begins at `at`: a name in printable ASCII and a size that fits in the file.
bool is_chunk(const InputFile& file, std::uint64_t at) {
  Bytes bytes{};
  if (at + 8 > file.size() || file.read_at(at, bytes.data(), 8) < 8) return false;
  const bool named = std::all_of(bytes.begin(), bytes.begin() + 4,
                                 [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
  return named && std::uint64_t{little(bytes.data() + 4, 4)} <= file.size() - at - 7;
}

// Whether more sound follows at `at`: at least `least` bytes, and neither zeros nor a chunk or tag
// that some programs append.
bool is_more_sound(const InputFile& file, std::uint64_t at, std::uint64_t least) {
  Bytes bytes{};
  if (at >= file.size() || file.size() - at < least) return false;
  const std::size_t got = file.read_at(at, bytes.data(), bytes.size());
  const bool zeros = std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(got),
                                 [](unsigned char c) { return c == 0; });
  return !zeros && !has(bytes.data(), "ID3") && !has(bytes.data(), "TAG") &&
         !has(bytes.data(), "APETAGEX") && !is_chunk(file, at);
}

// The number of bytes of sound from `at` on. The header's `size` may be wrong: a recorder that was
// stopped leaves 0 or an early value, some programs include their header in it, and programs that
// write to a pipe leave a marker.
std::uint64_t sound_bytes(const InputFile& file, const std::filesystem::path& path,
                          std::uint64_t at, std::uint32_t size, std::uint32_t riff,
                          std::uint64_t second, std::string& note) {
  const std::uint64_t left = file.size() - at;
  if (size > left) {
    if (size >= kUnknownLength) return left;
    if (std::uint64_t{riff} + 8 > file.size() + 1) {
      refuse(path, text("it is cut off: its header promises ", size, " bytes of sound and ", left,
                        " are there; copy it again"));
    }
    note = text("the header claims ", size - left,
                " bytes more than the file has, but marks the file as complete: read to its end");
    return left;
  }
  if (size == 0 && left > 0 && !is_chunk(file, at)) {
    note =
        "the header's length was never filled in, as by a recorder that was stopped: read to the "
        "file's end";
    return left;
  }
  const std::uint64_t end = at + size + size % 2;
  Bytes bytes{};
  if (end + 12 <= file.size() && file.read_at(end, bytes.data(), 12) == 12 &&
      has(bytes.data(), "RIFF") && has(bytes.data() + 8, "WAVE")) {
    refuse(path, "it contains two WAV files, one after another; split them");
  }
  if (size > 0 && is_more_sound(file, end, second)) {
    note =
        text("the header's length ends ", (file.size() - end) / std::max<std::uint64_t>(1, second),
             " s before the sound does, as by a recorder that was stopped: read to the file's end");
    return left;
  }
  return size;
}

void sniff_wav(const InputFile& file, const std::filesystem::path& path, Sniffed& out) {
  std::uint64_t at = 12;
  std::uint32_t block = 0;
  bool has_format = false;
  bool has_data = false;
  Bytes head{};
  file.read_at(0, head.data(), 12);
  const std::uint32_t riff = little(head.data() + 4, 4);
  for (int chunks = 0; at + 8 <= file.size(); ++chunks) {
    if (has_data && !is_chunk(file, at)) break;  // a tag, or anything else after the sound
    if (chunks == kMostChunks) refuse(path, text("it has more than ", kMostChunks, " chunks"));
    Bytes bytes{};
    const std::size_t got = file.read_at(at, bytes.data(), 48);
    const std::uint32_t size = little(bytes.data() + 4, 4);
    const std::uint64_t left = file.size() - at - 8;
    if (has(bytes.data(), "fmt ")) {
      if (has_format) refuse(path, "it has two fmt chunks");
      if (size < 16 || got < 24) refuse(path, "its fmt chunk is too short");
      if (!read_wav_format(bytes.data() + 8, size, path, out, block)) return;
      has_format = true;
    } else if (has(bytes.data(), "LIST")) {
      check_list(file, at + 12, std::min(at + 8 + size, file.size()), path);
    } else if (has(bytes.data(), "data") && !has_data) {
      if (!has_format) refuse(path, "its sound comes before its format");
      has_data = true;
      const std::uint64_t second = std::uint64_t{block} * static_cast<unsigned>(out.sample_rate);
      const std::uint64_t length =
          sound_bytes(file, path, at + 8, size, riff, second, out.length_note);
      out.samples = static_cast<std::int64_t>(length / block);
      check_limits(path, out.sample_rate, out.channels, out.samples);
      if (length != size) {
        out.true_bytes = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(length - length % block, 0xffffffffU - block));
        out.length_at = at + 4;
        break;
      }
    }
    if (size > left) break;
    at += 8 + std::uint64_t{size} + size % 2;
  }
  if (!has_format || !has_data) {
    refuse(path, text("it is cut off: its WAV header has no ", has_format ? "data" : "fmt",
                      " chunk; copy it again"));
  }
  out.container = Container::wav;
}

// STREAMINFO, https://www.rfc-editor.org/rfc/rfc9639#section-8.2
void sniff_flac(const unsigned char* bytes, std::size_t got, const std::filesystem::path& path,
                Sniffed& out) {
  if (got < 42) refuse(path, "it is cut off: its FLAC header is incomplete; copy it again");
  if ((bytes[4] & 0x7f) != 0) refuse(path, "its FLAC header does not open with STREAMINFO");
  const unsigned char* p = bytes + 18;
  out.sample_rate = p[0] << 12 | p[1] << 4 | p[2] >> 4;
  out.channels = (p[2] >> 1 & 7) + 1;
  const std::int64_t total = (std::int64_t{p[3]} & 15) << 32 | std::int64_t{p[4]} << 24 |
                             std::int64_t{p[5]} << 16 | std::int64_t{p[6]} << 8 | p[7];
  out.samples = total == 0 ? -1 : total;
  check_limits(path, out.sample_rate, out.channels, out.samples);
  out.container = Container::flac;
}

// The offsets of chained streams, each of which starts at the end of the one before (RFC 3533,
// section 4, "chaining"); empty if there is only one. Walks the page headers.
std::vector<std::uint64_t> find_links(const InputFile& file) {
  std::vector<std::uint64_t> links;
  bool in_heads = false;
  constexpr unsigned char kBegins = 2;
  for (std::uint64_t at = 0; at + 27 <= file.size();) {
    std::array<unsigned char, 27 + 255> page{};
    const std::size_t got = file.read_at(at, page.data(), page.size());
    if (got < 27 || !has(page.data(), "OggS") || got < 27u + page[26]) break;
    const bool begins = (page[5] & kBegins) != 0;
    if (begins && !in_heads) links.push_back(at);
    in_heads = begins;
    at += 27u + page[26];
    for (std::size_t i = 0; i < page[26]; ++i) at += page[27 + i];
  }
  if (links.size() < 2) links.clear();
  return links;
}

// Vorbis identification header, https://xiph.org/vorbis/doc/Vorbis_I_spec.html section 4.2.2;
// pages: https://www.rfc-editor.org/rfc/rfc3533#section-6
void sniff_ogg(const InputFile& file, const unsigned char* bytes, std::size_t got,
               const std::filesystem::path& path, Sniffed& out) {
  const std::size_t packet = 27 + std::size_t{bytes[26]};
  if (packet + 16 > got || !has(bytes + packet, "\x01vorbis")) return;
  out.channels = bytes[packet + 11];
  const std::uint32_t rate = little(bytes + packet + 12, 4);
  check_limits(path, rate, out.channels, -1);
  out.sample_rate = static_cast<int>(rate);
  out.container = Container::ogg_vorbis;
  out.links = find_links(file);
  // The last page starts at most one largest page before the end.
  std::vector<char> tail(std::min<std::uint64_t>(file.size(), 65307));
  const std::size_t count = file.read_at(file.size() - tail.size(), tail.data(), tail.size());
  const std::string_view view(tail.data(), count);
  const std::size_t last = view.rfind("OggS");
  out.cut_off = last == std::string_view::npos || last + 6 > view.size() || !(view[last + 5] & 4);
}

}  // namespace

const char* name_of(Container container) {
  switch (container) {
    case Container::wav:
      return "WAV";
    case Container::flac:
      return "FLAC";
    case Container::ogg_vorbis:
      return "Ogg Vorbis";
    case Container::other:
      break;
  }
  return "another format";
}

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    if (is_own_trouble(errno)) fail_to_open(path);
    if (errno == ENOENT || errno == ENOTDIR) refuse(path, why_absent(path));
    refuse(path, text("it cannot be reached: ", std::strerror(errno)));
  }
  if (S_ISDIR(facts.st_mode)) refuse(path, "it is a folder");
  if (!S_ISREG(facts.st_mode)) refuse(path, "it is a device or a pipe");
  if (facts.st_size == 0) refuse(path, "the file is empty (0 bytes)");
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd_ < 0 && is_own_trouble(errno)) fail_to_open(path);
  if (fd_ < 0) refuse(path, text("it cannot be opened: ", std::strerror(errno)));
  size_ = static_cast<std::uint64_t>(facts.st_size);
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::size_t InputFile::read_at(std::uint64_t offset, void* out, std::size_t count) const {
  std::size_t got = 0;
  while (got < count) {
    const ssize_t n =
        ::pread(fd_, static_cast<char*>(out) + got, count - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      throw WorkError(text("reading ", shown(path_), " failed: ", std::strerror(errno)));
    }
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

Sniffed sniff(const InputFile& file, const std::filesystem::path& path) {
  Sniffed out;
  out.file_bytes = file.size();
  Bytes bytes{};
  const std::size_t got = file.read_at(0, bytes.data(), bytes.size());
  if (got >= 12 && has(bytes.data(), "RIFF") && has(bytes.data() + 8, "WAVE")) {
    sniff_wav(file, path, out);
  } else if (got >= 4 && has(bytes.data(), "fLaC")) {
    sniff_flac(bytes.data(), got, path, out);
  } else if (got >= 28 && has(bytes.data(), "OggS")) {
    sniff_ogg(file, bytes.data(), got, path, out);
  }
  return out;
}

void check_limits(const std::filesystem::path& path, std::int64_t sample_rate,
                  std::int64_t channels, std::int64_t samples) {
  if (channels < 1 || channels > kMaxChannels) {
    refuse(path, text("it has ", channels, " channels; 1 to ", kMaxChannels, " are read"));
  }
  if (sample_rate < kMinSampleRate || sample_rate > kMaxSampleRate) {
    refuse(path, text("its sample rate is ", sample_rate, " Hz; ", kMinSampleRate, " to ",
                      kMaxSampleRate, " are read"));
  }
  if (static_cast<double>(samples) > kMaxSoundSeconds * static_cast<double>(sample_rate)) {
    refuse(path,
           text("it lasts ",
                human_duration(static_cast<double>(samples) / static_cast<double>(sample_rate)),
                "; up to ", human_duration(kMaxSoundSeconds), " are read, so cut it"));
  }
}

}  // namespace minet::audio
