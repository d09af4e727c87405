// mi_generate with plus.
#include <ATen/ATen.h>

#include <algorithm>

#include "generation/pieces.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/text.hpp"
#include "minet/generation/plus.hpp"
#include "minet/score/notes.hpp"

namespace minet::generation {
namespace {

// A frame's tokens as one number: onset, then pitch, then level.
std::vector<std::int64_t> packed(const models::ControlTokens& tokens, std::int64_t piece) {
  const at::Tensor all =
      tokens.onset[piece] +
      2 * (tokens.pitch[piece] + models::kPitchSymbols * tokens.level[piece]);  // [T]
  const at::Tensor whole = all.contiguous();
  const std::int64_t* first = whole.const_data_ptr<std::int64_t>();
  return {first, first + whole.numel()};
}

// What a piece plays, as notes: each lasts until the next one, or until there is no pitch. Where
// notes are given, a note's onset may be marked one frame before its pitch begins (note_input).
std::string played_notes(const models::ControlTokens& tokens, std::int64_t piece, double rate) {
  const at::Tensor pitches = tokens.pitch[piece].contiguous();
  const at::Tensor onsets = tokens.onset[piece].contiguous();
  const std::int64_t* const pitch = pitches.const_data_ptr<std::int64_t>();
  const std::int64_t* const onset = onsets.const_data_ptr<std::int64_t>();
  std::vector<score::Note> notes;
  const std::int64_t count = pitches.numel();
  const auto same = [&](std::int64_t i) { return i > 0 && pitch[i] == pitch[i - 1]; };
  for (std::int64_t i = 0; i < count; ++i) {
    if (pitch[i] == 0) continue;
    const bool of_next = i + 1 < count && pitch[i + 1] > 0 && !same(i + 1);
    if (!same(i) || (onset[i] == 1 && !of_next)) {
      notes.push_back({.onset_s = static_cast<double>(i) / rate,
                       .duration_s = 0,
                       .pitch = static_cast<int>(pitch[i] - 1)});
    }
    notes.back().duration_s = static_cast<double>(i + 1) / rate - notes.back().onset_s;
  }
  return score::notes_csv(notes);
}

models::ControlTokens unpacked(const std::vector<std::int64_t>& codes) {
  const at::Tensor all = at::tensor(codes, at::kLong).unsqueeze(0);  // [1, T]
  const at::Tensor rest = all.div(2, "floor");
  return {all.remainder(2), rest.remainder(models::kPitchSymbols),
          rest.div(models::kPitchSymbols, "floor")};
}

models::ControlTokens piece_of(const models::ControlTokens& tokens, std::int64_t piece) {
  return {tokens.onset.narrow(0, piece, 1), tokens.pitch.narrow(0, piece, 1),
          tokens.level.narrow(0, piece, 1)};
}

}  // namespace

models::PlusModel load_trained_plus(const std::filesystem::path& path) {
  models::PlusModel model = models::load_plus(path);
  if (!model.prior_trained) {
    throw InputError(text(path.string(),
                          ": expected a model with a trained prior, but only its synthesiser is; "
                          "continue its training"));
  }
  return model;
}

GenerateReport generate_plus(const GenerateOptions& options, const std::vector<Outputs>& outputs,
                             const at::Device& device) {
  models::PlusModel model = load_trained_plus(options.model);
  if (options.iterations) {
    throw InputError(text("iterations: expected none for ", options.model.string(),
                          ", a plus model, which reconstructs no phases, got ", *options.iterations,
                          "; leave them out"));
  }
  model.to(device);
  const double rate = models::token_rate(model.config);
  const pose::PoseSequence pose = read_player(options, model.config.pose);
  const std::int64_t frames = steps_of(options, rate, pose.seconds());
  GenerateReport report{.files = {}, .seconds = static_cast<double>(frames) / rate};
  const PlusPlayer one = player_of(model, pose, frames);
  const PlusPlayer player{one.body.expand({options.count, -1}),
                          one.motion.expand({options.count, -1, -1})};
  models::NoteInput notes;
  if (options.notes) {
    notes = note_input(read_asked_notes(options, report.seconds, true, model.notes_trained),
                       model.config, frames);
    notes = {notes.note.expand({options.count, -1}), notes.onset.expand({options.count, -1}),
             notes.present.expand({options.count})};
  }
  const SamplingOptions sampling =
      sampling_of(options.sampling, model.config.generation, options.notes.has_value());
  Progress progress("frames", frames, "frames");
  const models::ControlTokens tokens = draw_controls(
      model, player, notes, sampling, [&](std::int64_t done) { progress.update(done); });
  progress.finish();

  Sidecar sidecar = sidecar_for(options.model, device);
  sidecar.inversion_seed = sampling.seed;
  const at::Tensor body = one.body.to(at::kCPU).contiguous();
  sidecar.body.assign(body.const_data_ptr<float>(), body.const_data_ptr<float>() + body.numel());
  for (std::int64_t piece = 0; piece < options.count; ++piece) {
    const audio::Sound sound =
        play(model, piece_of(tokens, piece), one.body, sidecar.inversion_seed).front();
    sidecar.codes = packed(tokens, piece);
    write_piece(options, sampling, piece, outputs[static_cast<std::size_t>(piece)], sound, sidecar,
                played_notes(tokens, piece, rate), report);
  }
  return report;
}

audio::Sound repeat_plus(const Sidecar& sidecar, const std::filesystem::path& path,
                         const std::filesystem::path& where, const at::Device& device) {
  models::PlusModel model = models::load_plus(path);
  const std::int64_t codes = 2 * models::kPitchSymbols * model.config.plus.levels;
  const bool fits = std::all_of(sidecar.codes.begin(), sidecar.codes.end(),
                                [&](std::int64_t code) { return code >= 0 && code < codes; });
  const auto width = static_cast<std::size_t>(model.config.body_width());
  if (sidecar.codes.empty() || !fits || sidecar.body.size() != width) {
    throw InputError(text(where.string(), ": expected codes from 0 to ", codes - 1,
                          " and a body vector of ", width,
                          " numbers, got different ones; give the file that mi_generate wrote"));
  }
  model.to(device);
  return play(model, unpacked(sidecar.codes), at::tensor(sidecar.body).unsqueeze(0).to(device),
              sidecar.inversion_seed)
      .front();
}

}  // namespace minet::generation
