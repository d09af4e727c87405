#include "minet/generation/generate.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "generation/pieces.hpp"
#include "generation/sidecar.hpp"
#include "minet/core/access.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/log.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/scratch.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/render.hpp"
#include "minet/models/device.hpp"
#include "minet/pose/film_pose.hpp"
#include "minet/score/note_indices.hpp"

namespace minet::generation {
namespace fs = std::filesystem;
namespace {

at::Tensor read_note_steps(const GenerateOptions& options, const models::Model& model,
                           std::int64_t steps) {
  const double rate = model.config.frame_rate();
  const bool enabled = model.config.content.enabled;
  const std::vector<score::Note> notes = read_asked_notes(
      options, static_cast<double>(steps) / rate, enabled, enabled && model.notes_trained);
  return at::tensor(score::note_indices(notes, steps, rate), at::kLong).unsqueeze(0);  // [1, T]
}

void say_difference(const char* what, const std::string& before, const std::string& now) {
  if (before != now) {
    log::warning(
        text(what, " was ", before, " and is ", now, ": the sound may differ in the last bits"));
  }
}

std::string codes_csv(const std::vector<std::int64_t>& codes, double rate) {
  std::string table = csv_line({"onset_s", "duration_s", "code"});
  for (std::size_t i = 0; i < codes.size(); ++i) {
    table += csv_line({to_text(static_cast<double>(i) / rate), to_text(1 / rate), text(codes[i])});
  }
  return table;
}

// Music with the paper's model, from codes.
GenerateReport generate_codes(const GenerateOptions& options, const std::vector<Outputs>& outputs,
                              const at::Device& device) {
  models::Model model = models::load_model(options.model);
  if (!model.prior_trained) {
    throw InputError(
        text(options.model.string(),
             ": expected a model with a trained prior, but only its VQ-VAE is; train its "
             "prior"));
  }
  model.to(device);

  const pose::PoseSequence pose = read_player(options, model.config.pose);
  const std::int64_t steps = steps_of(options, model.config.frame_rate(), pose.seconds());
  const at::Tensor body =
      body_track(model, pose, steps).expand({options.count, -1, -1});  // [B, T, H]
  at::Tensor notes;
  if (options.notes) {
    notes = read_note_steps(options, model, steps).expand({options.count, -1}).to(device);
  }

  const SamplingOptions sampling =
      sampling_of(options.sampling, model.config.generation, options.notes.has_value());
  Progress progress("codes", steps, "codes");
  const at::Tensor codes =
      sample_codes(model, body, notes, sampling, [&](std::int64_t done) { progress.update(done); });
  progress.finish();

  GenerateReport report{.files = {},
                        .seconds = static_cast<double>(steps) / model.config.frame_rate()};
  Sidecar sidecar = sidecar_for(options.model, device);
  sidecar.iterations = options.iterations.value_or(audio::InversionOptions{}.iterations);
  sidecar.inversion_seed = sampling.seed;
  for (std::int64_t piece = 0; piece < options.count; ++piece) {
    const at::Tensor row = codes[piece].contiguous();
    const audio::Sound sound = render(model, row,
                                      {.iterations = sidecar.iterations,
                                       .seed = sidecar.inversion_seed,
                                       .threads = at::get_num_threads()});
    sidecar.codes.assign(row.const_data_ptr<std::int64_t>(),
                         row.const_data_ptr<std::int64_t>() + steps);
    write_piece(options, sampling, piece, outputs[static_cast<std::size_t>(piece)], sound, sidecar,
                codes_csv(sidecar.codes, model.config.frame_rate()), report);
  }
  return report;
}

bool is_same_file(const fs::path& one, const fs::path& other) {
  std::error_code ignored;
  return fs::equivalent(one, other, ignored);
}

// The sound of a sidecar's codes.
audio::Sound repeat_codes(const Sidecar& sidecar, const fs::path& path, const fs::path& where,
                          const at::Device& device) {
  models::Model model = models::load_model(path);
  const auto codebook = model.config.vqvae.codes;
  const bool in_range =
      std::all_of(sidecar.codes.begin(), sidecar.codes.end(),
                  [&](std::int64_t code) { return code >= 0 && code < codebook; });
  if (sidecar.codes.empty() || !in_range) {
    throw InputError(text(where.string(), ": expected codes from 0 to ", codebook - 1,
                          ", got none or others; give the file that mi_generate wrote"));
  }
  model.to(device);
  const at::Tensor codes = at::tensor(sidecar.codes, at::kLong);
  return render(model, codes,
                {.start = sidecar.phase_start,
                 .iterations = sidecar.iterations,
                 .seed = sidecar.inversion_seed,
                 .threads = at::get_num_threads()});
}

// Finds the keypoints in the video itself.
void find_player(GenerateOptions& options, const fs::path& scratch) {
  const fs::path& film = *options.video;
  options.pose = film;
  options.film_pose = scratch / "pose.json";
  pose::write_film_pose(
      film, options.film_pose,
      {.person = options.read_pose.person, .gaps = options.gaps, .device = options.device});
}

}  // namespace

GenerateReport generate(const GenerateOptions& given) {
  GenerateOptions options = given;
  const std::vector<Outputs> outputs = checked_outputs(options);
  models::use_threads(options.threads);
  const at::Device device = models::select_device(options.device);
  options.device = device.str();  // "auto" is resolved once, for the video too
  const config::ModelKind kind = models::kind_of(options.model);
  std::optional<ScratchFolder> scratch;
  if (options.pose.empty()) {
    scratch.emplace("film");
    find_player(options, scratch->path());
  }
  return kind == config::ModelKind::plus ? generate_plus(options, outputs, device)
                                         : generate_codes(options, outputs, device);
}

GenerateReport repeat(const RepeatOptions& options) {
  check_output(options.output, options.force);
  const fs::path json = fs::path(options.output).replace_extension(".json");
  if (!is_same_file(json, options.sidecar)) {
    refuse_overwrite(json, options.force);
    expect_writable(json);
  }
  Sidecar sidecar = read_sidecar(options.sidecar);
  models::use_threads(options.threads > 0 ? options.threads : sidecar.threads);
  const at::Device device = models::select_device(options.device);
  const fs::path path = options.model.value_or(fs::path(sidecar.model));
  const Sidecar now = sidecar_for(path, device);
  if (now.model_sha256 != sidecar.model_sha256) {
    throw InputError(text(path.string(), ": expected the model that made this sound (SHA-256 ",
                          sidecar.model_sha256.substr(0, 12), "), got a different one (",
                          now.model_sha256.substr(0, 12), "); give that model"));
  }
  say_difference("the number of threads", text(sidecar.threads), text(now.threads));
  say_difference("the device", sidecar.device, now.device);
  say_difference("the processor's capability", sidecar.capability, now.capability);
  say_difference("LibTorch", sidecar.torch, now.torch);
  say_difference("minet", sidecar.version, now.version);

  audio::Sound sound = sidecar.body.empty() ? repeat_codes(sidecar, path, options.sidecar, device)
                                            : repeat_plus(sidecar, path, options.sidecar, device);
  apply_gain(sound, sidecar.gain_db);
  audio::save_sound(options.output, sound, sidecar.bits, {.replace = options.force});
  GenerateReport report{.files = {options.output}, .seconds = sound.seconds()};
  if (!is_same_file(json, options.sidecar)) {
    sidecar.threads = now.threads;
    sidecar.device = now.device;
    sidecar.capability = now.capability;
    sidecar.torch = now.torch;
    sidecar.version = now.version;
    sidecar.model = now.model;
    save_file(json, to_json(sidecar), {.replace = options.force});
    report.files.push_back(json);
  }
  return report;
}

}  // namespace minet::generation
