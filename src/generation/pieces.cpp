#include "generation/pieces.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/models/model.hpp"
#include "minet/score/notes.hpp"

namespace minet::generation {
namespace fs = std::filesystem;
namespace {

Outputs outputs_of(const GenerateOptions& options, std::int64_t piece) {
  fs::path wav = options.output;
  if (options.count > 1) {
    wav.replace_filename(
        text(options.output.stem().string(), "-", piece + 1, options.output.extension().string()));
  }
  Outputs outputs{.wav = wav, .json = fs::path(wav).replace_extension(".json"), .video = {}};
  if (options.video) outputs.video = fs::path(wav).replace_extension(options.video->extension());
  return outputs;
}

// The video's pictures as they are, with the new sound.
void mux(const fs::path& video, const fs::path& wav, const fs::path& output) {
  const auto program = find_program("ffmpeg");
  if (!program) {
    throw InputError(
        "video: expected the program ffmpeg, which is not installed; apt-get install ffmpeg");
  }
  save_file_by(output, [&](const fs::path& into) {
    const ProcessResult result = run_process({*program,
                                              "-nostdin",
                                              "-hide_banner",
                                              "-loglevel",
                                              "error",
                                              "-y",
                                              "-protocol_whitelist",
                                              "file",
                                              "-i",
                                              "file:" + fs::absolute(video).string(),
                                              "-i",
                                              "file:" + fs::absolute(wav).string(),
                                              "-map",
                                              "0:v:0",
                                              "-map",
                                              "1:a:0",
                                              "-c:v",
                                              "copy",
                                              "-shortest",
                                              "file:" + fs::absolute(into).string()});
    if (result.exit_code != 0) {
      throw WorkError(text(video.string(), ": ffmpeg could not put the sound to the video (",
                           trim(result.error_output),
                           "); the wav is whole, try another container"));
    }
  });
}

}  // namespace

void check_output(const fs::path& output, bool force) {
  if (output.extension() != ".wav") {
    throw InputError(text(output.string(), ": expected an output that ends in .wav; name it so"));
  }
  const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
  if (!fs::is_directory(folder)) {
    throw InputError(
        text(folder.string(),
             ": expected a folder for the output, but it does not exist; make it first"));
  }
  refuse_overwrite(output, force);
}

std::vector<Outputs> checked_outputs(const GenerateOptions& options) {
  check(options.sampling);
  if (options.count < 1 || options.count > 256) {
    throw InputError(text("count: expected 1 to 256 pieces, got ", options.count));
  }
  std::vector<Outputs> all;
  for (std::int64_t piece = 0; piece < options.count; ++piece) {
    const Outputs outputs = outputs_of(options, piece);
    check_output(outputs.wav, options.force);
    refuse_overwrite(outputs.json, options.force);
    if (options.video) refuse_overwrite(outputs.video, options.force);
    all.push_back(outputs);
  }
  if (options.video && !fs::is_regular_file(*options.video)) {
    throw InputError(text(options.video->string(), ": expected a video file, but there is none"));
  }
  return all;
}

pose::PoseSequence read_player(const GenerateOptions& options, const config::PoseConfig& config) {
  pose::PoseSequence pose = pose::prepare_pose(
      options.pose,
      {.read = options.read_pose, .fps = config.fps, .gap_confidence = config.gap_confidence});
  pose::normalise(pose);
  return pose;
}

std::int64_t steps_of(const GenerateOptions& options, double rate, double pose_seconds) {
  const double seconds = options.seconds.value_or(pose_seconds);
  if (!(seconds > 0 && seconds <= audio::kMaxSoundSeconds)) {
    throw InputError(text("seconds: expected more than 0 and at most ", audio::kMaxSoundSeconds,
                          ", got ", seconds));
  }
  if (seconds > pose_seconds + 0.1) {
    log::warning(text("the keypoints end at ", pose_seconds, " s and the sound at ", seconds,
                      " s: the last of them go on"));
  }
  return std::max<std::int64_t>(1, std::llround(seconds * rate));
}

std::vector<score::Note> read_asked_notes(const fs::path& path, double seconds) {
  score::NoteList list = score::read_notes(path, {.monophonic = true});
  for (const std::string& repair : list.repairs) log::info(text(path.string(), ": ", repair));
  const auto sounds = [&](const score::Note& note) {
    return note.onset_s < seconds && note.end_s() > 0;
  };
  if (std::none_of(list.notes.begin(), list.notes.end(), sounds)) {
    log::warning(text(path.string(), ": no note sounds in the ", seconds, " s that are generated"));
  }
  return std::move(list.notes);
}

Sidecar sidecar_for(const fs::path& model, const at::Device& device) {
  const fs::path file = models::model_file(model);
  return {.model = fs::absolute(model).lexically_normal().string(),
          .model_sha256 = sha256_of_file(file),
          .version = version(),
          .torch = TORCH_VERSION,
          .device = device.str(),
          .capability = at::get_cpu_capability(),
          .threads = at::get_num_threads(),
          .codes = {},
          .inputs = {}};
}

void write_piece(const GenerateOptions& options, std::int64_t piece, const Outputs& outputs,
                 const audio::Sound& sound, Sidecar& sidecar, GenerateReport& report) {
  sidecar.inputs = {{"pose", options.pose.string()},
                    {"notes", options.notes ? options.notes->string() : ""},
                    {"seconds", report.seconds},
                    {"seed", options.sampling.seed},
                    {"piece", piece},
                    {"temperature", options.sampling.temperature},
                    {"top_k", options.sampling.top_k},
                    {"top_p", options.sampling.top_p}};
  audio::save_wav(outputs.wav, sound);
  save_file(outputs.json, to_json(sidecar));
  report.files.push_back(outputs.wav);
  report.files.push_back(outputs.json);
  if (options.video) {
    mux(*options.video, outputs.wav, outputs.video);
    report.files.push_back(outputs.video);
  }
}

}  // namespace minet::generation
