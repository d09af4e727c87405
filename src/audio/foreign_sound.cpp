// Sound in formats that are not read here, by the program ffmpeg: https://ffmpeg.org/ffmpeg.html
//
// ffmpeg sees one local file, may open nothing else (no play lists, no network: the list of
// demuxers below holds single-file containers only), and writes 32-bit floats into a private
// temporary folder.
#include <stdlib.h>

#include <string>
#include <system_error>
#include <vector>

#include "audio/sound_reader.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/file_kind.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::audio {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDemuxers =
    "mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,flac,wav,w64,aiff,au,caf,aac,ac3,eac3,asf,"
    "flv,"
    "mpeg,mpegts,ape,wv,tta,amr,dsf";

constexpr const char* kCopy = "sound.caf";  // unlike WAV without a limit of 4 GiB

fs::path make_private_folder() {
  std::string name = (temporary_folder() / "minet-sound-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw WorkError(text("expected to make a temporary folder in ", shown(temporary_folder()),
                         " for a decoded sound, but could not; set TMPDIR to a folder with room"));
  }
  return name;
}

std::string last_line(const std::string& output) {
  std::string last;
  for (const std::string& line : split(output, '\n')) {
    if (!trim(line).empty()) last = trim(line);
  }
  while (!last.empty() && last.back() == '.') last.pop_back();
  return printable(last);
}

// Whether ffmpeg failed for our own trouble, whatever the file is like.
bool is_own_trouble(const ProcessResult& result) {
  if (result.exit_code > 128 && result.exit_code < 160) return true;  // killed by a signal
  for (const char* sentence : {"No space left on device", "Disk quota exceeded", "File too large",
                               "Cannot allocate memory", "Too many open files", "received signal",
                               "Read-only file system", "Resource temporarily unavailable"}) {
    if (result.error_output.find(sentence) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

ForeignSound::ForeignSound(const fs::path& path) : origin_(path) {
  const auto ffmpeg = find_program("ffmpeg");
  if (!ffmpeg) {
    throw InputError(text("expected a WAV, FLAC or Ogg Vorbis file at ", shown(path),
                          ", got something else; install ffmpeg (apt install ffmpeg) to read other "
                          "formats, or convert it"));
  }
  folder_ = make_private_folder();
  try {
    const fs::path copy = folder_ / kCopy;
    const ProcessResult result = run_process(
        {*ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error",
         // Gaps and jumps of a transport stream's time stamps are time, up to an hour.
         "-dts_delta_threshold", "3600", "-protocol_whitelist", "file,pipe", "-format_whitelist",
         kDemuxers, "-i", "file:" + fs::absolute(path).string(), "-map", "0:a:0", "-vn",
         // Onto the time stamps: silence where nothing was recorded, at the start too.
         "-af", "aresample=async=1:min_hard_comp=0.02:first_pts=0", "-t",
         std::to_string(static_cast<int>(kMaxSoundSeconds) + 1), "-c:a", "pcm_f32le", "-f", "caf",
         "file:" + copy.string()},
        3600);
    if (result.exit_code != 0) {
      if (is_own_trouble(result)) {
        throw WorkError(text("Decoding ", shown(path),
                             " failed on this machine; the file is not the cause (",
                             result.exit_code > 128 && result.exit_code < 160
                                 ? text("ffmpeg was stopped by signal ", result.exit_code - 128)
                                 : last_line(result.error_output),
                             "); it needs room in ", shown(temporary_folder()),
                             ": set TMPDIR to a folder with more"));
      }
      if (result.error_output.find("matches no streams") != std::string::npos) {
        throw InputError(text("expected sound in ", shown(path), ", but it has no sound track"));
      }
      const std::string kind = file_kind_of(path);
      if (!kind.empty() && kind != "a binary file") {
        throw InputError(text("expected a sound file at ", shown(path), ", but it is ", kind,
                              ", and ffmpeg finds no sound in it (", last_line(result.error_output),
                              ")"));
      }
      throw InputError(text("expected a sound file at ", shown(path),
                            ", but neither minet nor ffmpeg can read it (",
                            last_line(result.error_output), ")"));
    }
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

std::unique_ptr<SoundReader> ForeignSound::open() const {
  return std::make_unique<SoundReader>(folder_ / kCopy, origin_);
}

ForeignSound::~ForeignSound() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace minet::audio
