// Decodes formats that are not read natively, with ffmpeg: https://ffmpeg.org/ffmpeg.html
//
// ffmpeg gets one local file, may open nothing else (ffmpeg_input_from_start()), and writes 32-bit
// floats to a private temporary folder.
#include <string>
#include <vector>

#include "audio/sound_reader.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/file_kind.hpp"
#include "minet/core/film.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::audio {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCopy = "sound.caf";  // no limit of 4 GiB, unlike WAV

// Whether ffmpeg failed because of this machine and not because of the file.
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
    throw InputError(
        text("expected a WAV, FLAC or Ogg Vorbis file at ", shown(path),
             ", got something else; install ffmpeg (apt-get install ffmpeg) to read other "
             "formats, or convert it"));
  }
  folder_.emplace("sound");
  std::vector<std::string> command = {
      *ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error",
      // Gaps and jumps in a transport stream's time stamps are real time, up to an hour.
      "-dts_delta_threshold", "3600"};
  for (std::string& word : ffmpeg_input_from_start(path)) command.push_back(std::move(word));
  for (const std::string& word :
       {std::string("-map"), std::string("0:a:0"), std::string("-vn"),
        // Follows the time stamps: gaps become silence, also at the start.
        std::string("-af"), std::string("aresample=async=1:min_hard_comp=0.02:first_pts=0"),
        std::string("-t"), std::to_string(static_cast<int>(kMaxSoundSeconds) + 1),
        std::string("-c:a"), std::string("pcm_f32le"), std::string("-f"), std::string("caf"),
        "file:" + (folder_->path() / kCopy).string()}) {
    command.push_back(word);
  }
  const ProcessResult result = run_process(command, 3600);
  if (result.exit_code != 0) {
    if (is_own_trouble(result)) {
      throw WorkError(text(
          "Decoding ", shown(path), " failed on this machine; the file is not the cause (",
          result.exit_code > 128 && result.exit_code < 160
              ? text("ffmpeg was stopped by signal ", result.exit_code - 128)
              : last_line(result.error_output),
          "); it needs room in ", shown(temporary_folder()), ": set TMPDIR to a folder with more"));
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
}

std::unique_ptr<SoundReader> ForeignSound::open() const {
  return std::make_unique<SoundReader>(folder_->path() / kCopy, origin_);
}

}  // namespace minet::audio
