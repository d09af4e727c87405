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
#include "minet/core/errors.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDemuxers =
    "mp3,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,flac,wav,w64,aiff,au,caf,aac,ac3,eac3,asf,"
    "flv,"
    "mpeg,mpegts,ape,wv,tta,amr,dsf";

fs::path make_private_folder() {
  std::string name = (fs::temp_directory_path() / "minet-sound-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw WorkError(text("Expected to make a temporary folder in ",
                         shown(fs::temp_directory_path()),
                         " for a decoded sound, but could not; set TMPDIR to a folder with room."));
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

}  // namespace

ForeignSound::ForeignSound(const fs::path& path) {
  const auto ffmpeg = find_program("ffmpeg");
  if (!ffmpeg) {
    throw InputError(text("Expected a WAV, FLAC or Ogg Vorbis file at ", shown(path),
                          ", got something else; install ffmpeg (apt install ffmpeg) to read other "
                          "formats, or convert it."));
  }
  folder_ = make_private_folder();
  try {
    const fs::path copy = folder_ / "sound.caf";  // unlike WAV without a limit of 4 GiB
    const ProcessResult result =
        run_process({*ffmpeg,
                     "-nostdin",
                     "-hide_banner",
                     "-loglevel",
                     "error",
                     "-protocol_whitelist",
                     "file,pipe",
                     "-format_whitelist",
                     kDemuxers,
                     "-i",
                     "file:" + fs::absolute(path).string(),
                     "-map",
                     "0:a:0",
                     "-vn",
                     "-t",
                     std::to_string(static_cast<int>(kMaxSoundSeconds) + 1),
                     "-c:a",
                     "pcm_f32le",
                     "-f",
                     "caf",
                     "file:" + copy.string()},
                    3600);
    if (result.exit_code != 0) {
      if (result.error_output.find("matches no streams") != std::string::npos) {
        throw InputError(text("Expected sound in ", shown(path), ", but it has no sound track."));
      }
      throw InputError(text("Expected a sound file at ", shown(path),
                            ", but neither we nor ffmpeg can read it (",
                            last_line(result.error_output), ")."));
    }
    reader_ = std::make_unique<SoundReader>(copy, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
    throw;
  }
}

ForeignSound::~ForeignSound() {
  reader_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace minet::audio
