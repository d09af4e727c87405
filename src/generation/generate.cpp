#include "minet/generation/generate.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>

#include "generation/sidecar.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/process.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/generation/render.hpp"
#include "minet/models/device.hpp"
#include "minet/score/note_indices.hpp"
#include "minet/score/notes.hpp"

namespace minet::generation {
namespace fs = std::filesystem;
namespace {

struct Outputs {
  fs::path wav, json, video;  // video empty where not asked for
};

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

std::int64_t steps_of(const GenerateOptions& options, const config::TrainConfig& config,
                      double pose_seconds) {
  const double seconds = options.seconds.value_or(pose_seconds);
  if (!(seconds > 0 && seconds <= audio::kMaxSoundSeconds)) {
    throw InputError(text("seconds: expected more than 0 and at most ", audio::kMaxSoundSeconds,
                          ", got ", seconds));
  }
  if (seconds > pose_seconds + 0.1) {
    log::warning(text("the keypoints end at ", pose_seconds, " s and the sound at ", seconds,
                      " s: the last of them go on"));
  }
  return std::max<std::int64_t>(1, std::llround(seconds * config.frame_rate()));
}

at::Tensor read_note_steps(const fs::path& path, const models::Model& model, std::int64_t steps) {
  if (!model.config.content.enabled) {
    throw InputError(
        "notes: expected a model trained with notes (content.enabled), but this one was not; "
        "leave the notes out or use another model");
  }
  const score::NoteList list = score::read_notes(path, {.monophonic = true});
  for (const std::string& repair : list.repairs) log::info(text(path.string(), ": ", repair));
  const std::vector<std::int64_t> indices =
      score::note_indices(list.notes, steps, model.config.frame_rate());
  if (std::all_of(indices.begin(), indices.end(), [](std::int64_t note) { return note == 0; })) {
    log::warning(text(path.string(), ": no note sounds in the ",
                      static_cast<double>(steps) / model.config.frame_rate(),
                      " s that are generated"));
  }
  return at::tensor(indices, at::kLong).unsqueeze(0);  // [1, T]
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

void say_difference(const char* what, const std::string& before, const std::string& now) {
  if (before != now) {
    log::warning(
        text(what, " was ", before, " and is ", now, ": the sound may differ in the last bits"));
  }
}

}  // namespace

GenerateReport generate(const GenerateOptions& options) {
  check(options.sampling);
  if (options.count < 1 || options.count > 256) {
    throw InputError(text("count: expected 1 to 256 pieces, got ", options.count));
  }
  for (std::int64_t piece = 0; piece < options.count; ++piece) {
    const Outputs outputs = outputs_of(options, piece);
    check_output(outputs.wav, options.force);
    refuse_overwrite(outputs.json, options.force);
    if (options.video) refuse_overwrite(outputs.video, options.force);
  }
  if (options.video && !fs::is_regular_file(*options.video)) {
    throw InputError(text(options.video->string(), ": expected a video file, but there is none"));
  }
  models::use_threads(options.threads);
  const at::Device device = models::select_device(options.device);
  models::Model model = models::load_model(options.model);
  if (!model.prior_trained) {
    throw InputError(
        text(options.model.string(),
             ": expected a model with a trained prior, but only its VQ-VAE is; train its "
             "prior"));
  }
  model.to(device);

  pose::PoseSequence pose =
      pose::prepare_pose(options.pose, {.read = options.read_pose,
                                        .fps = model.config.pose.fps,
                                        .gap_confidence = model.config.pose.gap_confidence});
  pose::normalise(pose);
  const std::int64_t steps = steps_of(options, model.config, pose.seconds());
  const at::Tensor body =
      body_track(model, pose, steps).expand({options.count, -1, -1});  // [B, T, H]
  at::Tensor notes;
  if (options.notes) {
    notes = read_note_steps(*options.notes, model, steps).expand({options.count, -1}).to(device);
  }

  Progress progress("codes", steps, "codes");
  const at::Tensor codes = sample_codes(model, body, notes, options.sampling,
                                        [&](std::int64_t done) { progress.update(done); });
  progress.finish();

  GenerateReport report{.files = {},
                        .seconds = static_cast<double>(steps) / model.config.frame_rate()};
  Sidecar sidecar = sidecar_for(options.model, device);
  sidecar.iterations = options.iterations;
  sidecar.inversion_seed = options.sampling.seed;
  for (std::int64_t piece = 0; piece < options.count; ++piece) {
    const Outputs outputs = outputs_of(options, piece);
    const at::Tensor row = codes[piece].contiguous();
    const audio::Sound sound = render(model, row,
                                      {.iterations = options.iterations,
                                       .seed = sidecar.inversion_seed,
                                       .threads = at::get_num_threads()});
    sidecar.codes.assign(row.const_data_ptr<std::int64_t>(),
                         row.const_data_ptr<std::int64_t>() + steps);
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
  return report;
}

GenerateReport repeat(const RepeatOptions& options) {
  check_output(options.output, options.force);
  const fs::path json = fs::path(options.output).replace_extension(".json");
  if (!fs::exists(json) || !fs::equivalent(json, options.sidecar))
    refuse_overwrite(json, options.force);
  Sidecar sidecar = read_sidecar(options.sidecar);
  models::use_threads(options.threads > 0 ? options.threads : sidecar.threads);
  const at::Device device = models::select_device(options.device);
  const fs::path path = options.model.value_or(fs::path(sidecar.model));
  models::Model model = models::load_model(path);
  const Sidecar now = sidecar_for(path, device);
  if (now.model_sha256 != sidecar.model_sha256) {
    throw InputError(text(path.string(), ": expected the model that made this sound (SHA-256 ",
                          sidecar.model_sha256.substr(0, 12), "), got another (",
                          now.model_sha256.substr(0, 12), "); give that model"));
  }
  say_difference("the number of threads", text(sidecar.threads), text(now.threads));
  say_difference("the device", sidecar.device, now.device);
  say_difference("the processor's capability", sidecar.capability, now.capability);
  say_difference("LibTorch", sidecar.torch, now.torch);
  say_difference("minet", sidecar.version, now.version);

  const auto codebook = model.config.vqvae.codes;
  const bool in_range =
      std::all_of(sidecar.codes.begin(), sidecar.codes.end(),
                  [&](std::int64_t code) { return code >= 0 && code < codebook; });
  if (sidecar.codes.empty() || !in_range) {
    throw InputError(text(options.sidecar.string(), ": expected codes from 0 to ", codebook - 1,
                          ", got none or others; give the file that mi_generate wrote"));
  }
  model.to(device);
  const at::Tensor codes = at::tensor(sidecar.codes, at::kLong);
  const audio::Sound sound = render(model, codes,
                                    {.start = sidecar.phase_start,
                                     .iterations = sidecar.iterations,
                                     .seed = sidecar.inversion_seed,
                                     .threads = at::get_num_threads()});
  audio::save_wav(options.output, sound);
  GenerateReport report{.files = {options.output}, .seconds = sound.seconds()};
  if (!fs::exists(json) || !fs::equivalent(json, options.sidecar)) {
    sidecar.threads = now.threads;
    sidecar.device = now.device;
    sidecar.capability = now.capability;
    sidecar.torch = now.torch;
    sidecar.version = now.version;
    sidecar.model = now.model;
    save_file(json, to_json(sidecar));
    report.files.push_back(json);
  }
  return report;
}

}  // namespace minet::generation
