// The rules between values, and those of `advice`.
#include "config/rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "minet/config/config.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

using Config = TrainConfig;

std::string bins_problem(const Config& c) {
  const auto& s = c.spectrogram;
  if (s.bins * 2 == s.n_fft) return "";
  return text("spectrogram.bins must be half of spectrogram.n_fft (", s.n_fft, "), got ", s.bins,
              "; set n_fft to ", s.bins * 2);
}

std::string hop_problem(const Config& c) {
  const auto& s = c.spectrogram;
  if (s.hop <= s.n_fft / 4) return "";  // required by audio::Stft
  return text("spectrogram.hop must be at most a quarter of spectrogram.n_fft (", s.n_fft,
              "), got ", s.hop, "; an eighth of n_fft is usual");
}

std::string clip_problem(const Config& c) {
  const auto frames = c.clip_frames();
  if (frames < 8) {
    return text("data.clip_seconds must give at least 8 spectrogram frames, got ", frames, " from ",
                to_text(c.data.clip_seconds), " s; set it to ", to_text(8 / c.frame_rate()),
                " or more");
  }
  if (c.clip_pose_frames() < 2) {
    return text("data.clip_seconds must give at least 2 pose frames, got ", c.clip_pose_frames(),
                " from ", to_text(c.data.clip_seconds), " s; set it to ", to_text(2 / c.pose.fps),
                " or more");
  }
  return "";
}

std::string bands_problem(const Config& c) {
  for (const std::int64_t bands : c.vqvae.bands) {
    if (c.vqvae.channels % bands != 0) {
      return text("vqvae.channels must be divisible by each of vqvae.bands, and ", c.vqvae.channels,
                  " is not by ", bands, "; set it to ", (c.vqvae.channels / bands + 1) * bands,
                  " or change the bands");
    }
  }
  return "";
}

std::string kmeans_problem(const Config& c) {
  if (c.vqvae.kmeans_vectors >= c.vqvae.codes) return "";
  return text("vqvae.kmeans_vectors must be at least vqvae.codes (", c.vqvae.codes, "), got ",
              c.vqvae.kmeans_vectors, "; set it to ", 20 * c.vqvae.codes, " or so");
}

std::string plain_steps_problem(const Config& c) {
  if (c.vqvae.plain_steps < c.vqvae_training.steps) return "";
  return text("vqvae.plain_steps must be less than vqvae_training.steps (", c.vqvae_training.steps,
              "), got ", c.vqvae.plain_steps, "; the codebook would never start");
}

std::string tokens_problem(const Config& c) {
  const auto tokens = c.vqvae_training.batch * c.clip_frames();
  if (tokens * 8 >= c.vqvae.codes) return "";
  return text(
      "vqvae_training.batch clips of data.clip_seconds must have at least an eighth as many "
      "frames as vqvae.codes (",
      c.vqvae.codes, "), got ", tokens, "; set a larger batch, longer clips or fewer codes");
}

std::string heads_problem(const Config& c, std::string_view section, std::int64_t heads) {
  if (c.model.kind != ModelKind::minet) return "";  // others have body.hidden, but not these
  const auto width = c.prior_width();
  if (width % heads == 0 && (width / heads) % 2 == 0) return "";
  return text(section, ".heads must divide W = vqvae.code_width + 2 * body.hidden (", width,
              ") into even head widths, for rotary positions, got ", heads,
              "; set it to a divisor of W / 2");
}

std::string prior_heads_problem(const Config& c) {
  return heads_problem(c, "prior", c.prior.heads);
}

std::string content_heads_problem(const Config& c) {
  const bool has_heads = c.content.enabled && c.prior.kind == PriorKind::transformer;
  return has_heads ? heads_problem(c, "content", c.content.heads) : "";
}

std::string decoder_heads_problem(const Config& c) {
  const auto& g = c.graph_transformer;
  if (g.width % g.heads == 0 && (g.width / g.heads) % 2 == 0) return "";
  return text("graph_transformer.heads must divide graph_transformer.width (", g.width,
              ") into even head widths, for rotary positions, got ", g.heads,
              "; set it to a divisor of ", g.width / 2);
}

std::string kernel_problem(const Config& c) {
  const std::int64_t kernel = c.graph_transformer.temporal_kernel;
  if (kernel % 2 == 1) return "";
  return text(
      "graph_transformer.temporal_kernel must be odd, so that it reaches as far back as "
      "ahead, got ",
      kernel, "; set it to ", kernel + 1);
}

std::string warmup_problem(std::string_view section, const StageConfig& stage) {
  if (stage.warmup_steps <= stage.steps) return "";
  return text(section, ".warmup_steps must be at most ", section, ".steps (", stage.steps,
              "), got ", stage.warmup_steps);
}

std::string vqvae_warmup_problem(const Config& c) {
  return warmup_problem("vqvae_training", c.vqvae_training);
}

std::string prior_warmup_problem(const Config& c) {
  return warmup_problem("prior_training", c.prior_training);
}

std::string baseline_warmup_problem(const Config& c) {
  return warmup_problem("baseline_training", c.baseline_training);
}

std::string synthesiser_warmup_problem(const Config& c) {
  return warmup_problem("synthesiser_training", c.synthesiser_training);
}

std::string controls_warmup_problem(const Config& c) {
  return warmup_problem("controls_training", c.controls_training);
}

std::string noise_problem(const Config& c) {
  if (!c.is_plus() || 2 * (c.plus.noise_bands - 1) <= c.spectrogram.hop) return "";
  return text("plus.noise_bands must be at most spectrogram.hop / 2 + 1, where hop is ",
              c.spectrogram.hop, ", got ", c.plus.noise_bands, "; set it to ",
              c.spectrogram.hop / 2 + 1);
}

std::string sound_frames_problem(const Config& c) {
  if (!c.is_plus() || c.plus.sound_frames < c.clip_frames()) return "";
  return text("plus.sound_frames must be less than the ", c.clip_frames(),
              " frames of data.clip_seconds, got ", c.plus.sound_frames);
}

std::string context_advice(const Config& c) {
  if (c.prior.context >= c.clip_frames()) return "";
  return text("prior.context is ", c.prior.context, ", less than the ", c.clip_frames(),
              " frames of a training clip: the prior forgets the start of each clip");
}

std::string plain_steps_advice(const Config& c) {
  constexpr std::int64_t kCheck = 1000;  // shorter runs only check that everything works
  const bool trains = c.model.kind == ModelKind::minet && c.vqvae_training.steps >= kCheck;
  if (c.vqvae.plain_steps >= 100 || !trains) return "";
  return text(
      "vqvae.plain_steps is ", c.vqvae.plain_steps,
      ": in our trials three quarters of the codes came into use with 100, a fifth with none");
}

std::string revival_advice(const Config& c) {
  if (c.vqvae.revive_every != 0 && c.vqvae.revive_threshold > 0) return "";
  return "vqvae.revive_every or vqvae.revive_threshold is 0: codes that die are never replaced";
}

}  // namespace

std::span<const Rule> rules() {
  static const std::array<Rule, 18> kRules{{
      {"`spectrogram.bins` is half of `spectrogram.n_fft`",
       {"spectrogram.bins", "spectrogram.n_fft"},
       bins_problem},
      {"`spectrogram.hop` is at most a quarter of `spectrogram.n_fft`",
       {"spectrogram.hop", "spectrogram.n_fft"},
       hop_problem},
      {"`data.clip_seconds` gives at least 8 spectrogram frames and 2 pose frames",
       {"data.clip_seconds", "spectrogram.hop", "spectrogram.sample_rate", "pose.fps"},
       clip_problem},
      {"`vqvae.channels` is divisible by each of `vqvae.bands`",
       {"vqvae.channels", "vqvae.bands"},
       bands_problem},
      {"`vqvae.kmeans_vectors` is at least `vqvae.codes`",
       {"vqvae.kmeans_vectors", "vqvae.codes"},
       kmeans_problem},
      {"`vqvae.plain_steps` is less than `vqvae_training.steps`",
       {"vqvae.plain_steps", "vqvae_training.steps"},
       plain_steps_problem},
      {"`vqvae_training.batch` clips have at least `vqvae.codes` / 8 frames",
       {"vqvae_training.batch", "data.clip_seconds", "vqvae.codes", "spectrogram.hop",
        "spectrogram.sample_rate"},
       tokens_problem},
      {"`prior.heads` divides W = `vqvae.code_width` + 2 * `body.hidden` into even head widths, if "
       "`model.kind` is minet",
       {"prior.heads", "vqvae.code_width", "body.hidden", "model.kind"},
       prior_heads_problem},
      {"`content.heads` divides W likewise, if `content.enabled` is true and `prior.kind` is "
       "transformer",
       {"content.heads", "vqvae.code_width", "body.hidden", "content.enabled", "prior.kind",
        "model.kind"},
       content_heads_problem},
      {"`vqvae_training.warmup_steps` is at most `vqvae_training.steps`",
       {"vqvae_training.warmup_steps", "vqvae_training.steps"},
       vqvae_warmup_problem},
      {"`prior_training.warmup_steps` is at most `prior_training.steps`",
       {"prior_training.warmup_steps", "prior_training.steps"},
       prior_warmup_problem},
      {"`graph_transformer.heads` divides `graph_transformer.width` into even head widths",
       {"graph_transformer.heads", "graph_transformer.width"},
       decoder_heads_problem},
      {"`graph_transformer.temporal_kernel` is odd",
       {"graph_transformer.temporal_kernel"},
       kernel_problem},
      {"`baseline_training.warmup_steps` is at most `baseline_training.steps`",
       {"baseline_training.warmup_steps", "baseline_training.steps"},
       baseline_warmup_problem},
      {"`synthesiser_training.warmup_steps` is at most `synthesiser_training.steps`",
       {"synthesiser_training.warmup_steps", "synthesiser_training.steps"},
       synthesiser_warmup_problem},
      {"`controls_training.warmup_steps` is at most `controls_training.steps`",
       {"controls_training.warmup_steps", "controls_training.steps"},
       controls_warmup_problem},
      {"`plus.noise_bands` is at most `spectrogram.hop` / 2 + 1, if `model.kind` is plus",
       {"plus.noise_bands", "model.kind", "spectrogram.hop"},
       noise_problem},
      {"`plus.sound_frames` is less than the frames of a clip, if `model.kind` is plus",
       {"plus.sound_frames", "model.kind", "data.clip_seconds", "spectrogram.hop",
        "spectrogram.sample_rate"},
       sound_frames_problem},
  }};
  return kRules;
}

std::vector<BrokenRule> broken_rules(const TrainConfig& config,
                                     const std::set<std::string>& doubtful) {
  const auto is_doubtful = [&](const std::string& key) {
    return doubtful.contains(key) || doubtful.contains(key.substr(0, key.find('.')));
  };
  std::vector<BrokenRule> broken;
  for (const Rule& rule : rules()) {
    if (std::any_of(rule.keys.begin(), rule.keys.end(), is_doubtful)) continue;
    std::string problem = rule.problem(config);
    if (!problem.empty()) broken.push_back({&rule, std::move(problem)});
  }
  return broken;
}

std::span<const Rule> advice_rules() {
  static const std::array<Rule, 3> kAdvice{{
      {"`prior.context` is at least the frames of a training clip",
       {"prior.context", "data.clip_seconds", "spectrogram.hop", "spectrogram.sample_rate"},
       context_advice},
      {"`vqvae.plain_steps` is at least 100", {"vqvae.plain_steps"}, plain_steps_advice},
      {"neither `vqvae.revive_every` nor `vqvae.revive_threshold` is 0",
       {"vqvae.revive_every", "vqvae.revive_threshold"},
       revival_advice},
  }};
  return kAdvice;
}

}  // namespace minet::config
