// How well the prior predicts the codes of unseen recordings (paper section 4: test NLL), given the
// true previous codes, on clips as in training.
#include "minet/evaluation/nll.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <utility>

#include "evaluation/code_models.hpp"
#include "evaluation/coded_clips.hpp"
#include "evaluation/nll_clips.hpp"
#include "evaluation/nll_of_plus.hpp"
#include "evaluation/scene.hpp"
#include "evaluation/statistics/moments.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/models/prior_logits.hpp"

namespace minet::evaluation {
namespace {

using clips::Clip;

std::set<std::int64_t> tracks_of(const std::vector<Clip>& clips) {
  std::set<std::int64_t> tracks;
  for (const Clip& clip : clips) tracks.insert(clip.track);
  return tracks;
}

std::set<std::int64_t> all_tracks(const clips::TrackStore& store) {
  std::set<std::int64_t> tracks;
  for (std::size_t i = 0; i < store.tracks().size(); ++i) {
    tracks.insert(static_cast<std::int64_t>(i));
  }
  return tracks;
}

// Whole tracks, encoded as in training: by track [T] int64, undefined if not in `wanted`. Not from
// the run's cache: the corpus may be different.
std::vector<at::Tensor> encode_tracks(Scene& scene, const clips::TrackStore& store,
                                      const std::set<std::int64_t>& wanted,
                                      const std::string& label) {
  Progress progress(label, std::ssize(wanted), "tracks");
  std::vector<at::Tensor> codes(store.tracks().size());
  std::int64_t done = 0;
  for (const std::int64_t track : wanted) {
    throw_if_stopped("stopped while evaluating; nothing was written");
    const at::Tensor spectrogram = store.track_spectrogram(track, scene.scale()).to(scene.device);
    codes[static_cast<std::size_t>(track)] =
        scene.model().vqvae->encode_long(spectrogram).squeeze(0).to(at::kCPU);
    progress.update(++done);
  }
  progress.finish();
  return codes;
}

struct Mean {
  double value = 0, standard_error = 0;  // over clips
};

Mean mean_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  Mean mean;
  for (const double value : values) mean.value += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean.value) * (value - mean.value);
  if (values.size() > 1) mean.standard_error = std::sqrt(squares / (count - 1) / count);
  return mean;
}

// The Moment of each frame of each clip; empty for clips without notes.
using ClipMoments = std::vector<std::vector<Moment>>;

ClipMoments moments_of_clips(const Scene& scene, const std::vector<Clip>& clips) {
  const double rate = scene.config().frame_rate();
  ClipMoments result;
  std::map<std::int64_t, std::vector<score::Note>> notes;  // by track
  for (const Clip& clip : clips) {
    result.emplace_back();
    const corpus::Track& track = scene.track(scene.tracks, clip);
    if (!track.has_notes) continue;
    const auto [found, is_new] = notes.try_emplace(clip.track);
    if (is_new) found->second = scene.corpus.read_notes(track);
    result.back() =
        moments_of(found->second, {.frames = scene.clip_frames(),
                                   .rate = rate,
                                   .start_s = static_cast<double>(clip.first_frame) / rate});
  }
  return result;
}

struct MomentFigures {
  ClipMean nll, pose_gain;  // the latter without clips if it was not measured
};

// The prior under one condition: with notes or without.
struct PriorFigures {
  std::string key, name;
  Mean nll = {};
  bool shuffled = false;  // whether the two below were measured
  Mean shuffled_pose = {}, pose_gain = {};
  std::array<MomentFigures, kMoments.size()> moments = {};
};

// Adds `losses` [N, T] clip by clip to the mean that `mean_of_moment` gives for each moment.
template <class MeanOfMoment>
void add_by_moment(const at::Tensor& losses, const ClipMoments& moments,
                   const MeanOfMoment& mean_of_moment) {
  const auto rows = losses.accessor<double, 2>();
  for (std::size_t clip = 0; clip < moments.size(); ++clip) {
    std::array<double, kMoments.size()> sums{};
    std::array<std::int64_t, kMoments.size()> frames{};
    for (std::size_t t = 0; t < moments[clip].size(); ++t) {
      const auto moment = static_cast<std::size_t>(moments[clip][t]);
      sums[moment] += rows[static_cast<std::int64_t>(clip)][static_cast<std::int64_t>(t)];
      ++frames[moment];
    }
    for (std::size_t i = 0; i < sums.size(); ++i) mean_of_moment(i).add(sums[i], frames[i]);
  }
}

class PriorEvaluation {
 public:
  PriorEvaluation(Scene& scene, const std::vector<at::Tensor>& codes)
      : scene_(scene), codes_(codes) {}

  PriorFigures without_notes(const NllClips& judged) {
    return figures({.key = "nll", .name = "prior, without notes"}, judged, false);
  }
  // All `judged` clips must have notes.
  PriorFigures with_notes(const NllClips& judged) {
    return figures({.key = "nll_notes", .name = "prior, with notes"}, judged, true);
  }

 private:
  PriorFigures figures(PriorFigures result, const NllClips& judged, bool notes) {
    const ClipMoments moments = moments_of_clips(scene_, judged.clips);
    const at::Tensor own = losses(result.name, judged.clips, judged.clips, notes);
    result.nll = over_clips(own);
    add_by_moment(own, moments, [&](std::size_t i) -> ClipMean& { return result.moments[i].nll; });
    result.shuffled = !judged.bodies.empty();
    if (!result.shuffled) return result;
    const at::Tensor other =
        losses(text(result.name, ", another's body"), judged.clips, judged.bodies, notes);
    const at::Tensor gains = other - own;
    result.shuffled_pose = over_clips(other);
    result.pose_gain = over_clips(gains);
    add_by_moment(gains, moments,
                  [&](std::size_t i) -> ClipMean& { return result.moments[i].pose_gain; });
    return result;
  }

  static Mean over_clips(const at::Tensor& losses /* [N, T] */) {
    const at::Tensor means = losses.mean(1).contiguous();
    const double* values = means.const_data_ptr<double>();
    return mean_of({values, values + means.numel()});
  }

  // Nats of each code of each clip, [N, T] double, with the keypoints of `bodies`.
  at::Tensor losses(const std::string& label, const std::vector<Clip>& clips,
                    const std::vector<Clip>& bodies, bool notes) {
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> result;
    for_each_batch(label, clips, [&](std::size_t first, const std::vector<Clip>& some) {
      const auto begin = bodies.begin() + static_cast<std::ptrdiff_t>(first);
      models::PriorBatch batch = batch_of(some, notes);
      batch.pose = scene_.tracks.poses({begin, begin + static_cast<std::ptrdiff_t>(some.size())})
                       .to(scene_.device);
      const at::Tensor logits = models::prior_logits(scene_.model(), batch);  // [B, T, K]
      result.push_back(at::cross_entropy_loss(logits.flatten(0, 1), batch.codes.flatten(), {},
                                              at::Reduction::None)
                           .view({batch.codes.size(0), -1})
                           .to(at::kCPU, at::kDouble));  // [B, T]
    });
    return at::cat(result);
  }

  models::PriorBatch batch_of(const std::vector<Clip>& clips, bool notes) const {
    models::PriorBatch batch;
    std::vector<at::Tensor> rows;
    for (const Clip& clip : clips) {
      rows.push_back(codes_[static_cast<std::size_t>(clip.track)].narrow(0, clip.first_frame,
                                                                         scene_.clip_frames()));
    }
    batch.codes = at::stack(rows).to(scene_.device);
    if (!notes) return batch;
    batch.notes = scene_.tracks.notes(clips).to(scene_.device);
    batch.notes_present =
        at::ones({static_cast<std::int64_t>(clips.size())}, at::kFloat).to(scene_.device);
    return batch;
  }

  Scene& scene_;
  const std::vector<at::Tensor>& codes_;
};

nlohmann::ordered_json moments_json(const PriorFigures& figures) {
  nlohmann::ordered_json json;
  std::int64_t all = 0;
  for (const MomentFigures& moment : figures.moments) all += moment.nll.frames();
  for (const Moment moment : kMoments) {
    const MomentFigures& one = figures.moments[static_cast<std::size_t>(moment)];
    if (one.nll.frames() == 0) continue;
    nlohmann::ordered_json& entry = json[name_of(moment)];
    entry["share"] = static_cast<double>(one.nll.frames()) / static_cast<double>(all);
    entry["clips"] = one.nll.clips();
    entry["nats"] = one.nll.value();
    entry["standard_error"] = one.nll.standard_error();
    if (!figures.shuffled) continue;
    entry["pose_gain_nats"] = one.pose_gain.value();
    entry["pose_gain_standard_error"] = one.pose_gain.standard_error();
  }
  return json;
}

// Nats per code, and how many of them the right body saves, by moment; empty if no clip has
// notes.
std::string moments_report(const std::vector<PriorFigures>& all) {
  constexpr std::array kNames{"within 50 ms of an onset", "inside a note, 100 ms from its ends",
                              "in a rest, 100 ms from notes", "between these"};
  std::int64_t frames = 0;
  for (const MomentFigures& moment : all.front().moments) frames += moment.nll.frames();
  if (frames == 0) return {};
  std::vector<std::string> head{"", "codes"};
  for (const PriorFigures& one : all) {
    head.push_back(one.name.substr(one.name.find("with")));
    if (one.shuffled) head.push_back("body saves");
  }
  std::vector<std::vector<std::string>> rows{head};
  for (std::size_t i = 0; i < kMoments.size(); ++i) {
    const ClipMean& own = all.front().moments[i].nll;
    if (own.frames() == 0) continue;
    std::vector<std::string> row{kNames[i], text(figure(100.0 * static_cast<double>(own.frames()) /
                                                        static_cast<double>(frames)),
                                                 " %")};
    for (const PriorFigures& one : all) {
      row.push_back(figure(one.moments[i].nll.value()));
      const ClipMean& gain = one.moments[i].pose_gain;
      if (one.shuffled) {
        row.push_back(text(figure(gain.value()), " +- ", figure(gain.standard_error())));
      }
    }
    rows.push_back(row);
  }
  return text("\n", table(rows));
}

// Why there is no result with notes; empty if there is one.
std::string no_notes_reason(const Scene& scene, std::size_t clips_with_notes) {
  if (!scene.subject->takes_notes()) return "the model was trained without notes";
  if (clips_with_notes == 0) return "no track of the split has notes";
  return {};
}

}  // namespace

EvalResult evaluate_nll(const NllOptions& options) {
  if (models::kind_of(options.common.model) == config::ModelKind::plus) {
    return evaluate_plus_nll(options);
  }
  Scene scene(options.common, "nll", Need::prior);
  const config::TrainConfig& config = scene.config();
  const double to_bits_per_second = config.frame_rate() / std::numbers::ln2;
  const NllClips judged = nll_clips(scene, options.clips_with_notes);
  const NllClips noted = with_notes(scene, judged);

  const bool is_train = scene.options.split == "train";  // whose codes the baselines need too
  const std::vector<at::Tensor> codes = encode_tracks(
      scene, scene.tracks, is_train ? all_tracks(scene.tracks) : tracks_of(judged.clips),
      text("encoding ", scene.options.split));
  std::vector<CodeSequence> train, test;
  for (const at::Tensor& track :
       is_train ? codes
                : encode_tracks(scene, scene.train_tracks, all_tracks(scene.train_tracks),
                                "encoding train, for the baselines")) {
    train.push_back(sequence_of(track));
  }
  for (const Clip& clip : judged.clips) {
    test.push_back(sequence_of(codes[static_cast<std::size_t>(clip.track)].narrow(
        0, clip.first_frame, scene.clip_frames())));
  }
  const CodeBaselines baselines = code_baselines(train, test, config.vqvae.codes);

  PriorEvaluation evaluation(scene, codes);
  std::vector<PriorFigures> all{evaluation.without_notes(judged)};
  const std::string no_notes = no_notes_reason(scene, noted.clips.size());
  if (no_notes.empty()) all.push_back(evaluation.with_notes(noted));

  const Heading heading = scene.heading(judged.clips);
  nlohmann::ordered_json json = begin_json(heading);
  json["unit"] = text("nats per code of ", figure(1000 / config.frame_rate()), " ms");
  std::vector<std::vector<std::string>> rows{{"", "nats per code", "bits per second"}};
  const auto add_row = [&](const std::string& name, double nats) {
    rows.push_back({name, figure(nats), figure(nats * to_bits_per_second)});
  };
  for (const PriorFigures& one : all) {
    json[one.key + "_nats"] = one.nll.value;
    json[one.key + "_standard_error"] = one.nll.standard_error;
    json[one.key + "_bits_per_second"] = one.nll.value * to_bits_per_second;
    if (!noted.clips.empty()) json[one.key + "_moments"] = moments_json(one);
    add_row(one.name, one.nll.value);
    if (!one.shuffled) continue;
    json[one.key + "_shuffled_pose_nats"] = one.shuffled_pose.value;
    json[one.key + "_pose_gain_nats"] = one.pose_gain.value;
    json[one.key + "_pose_gain_standard_error"] = one.pose_gain.standard_error;
    add_row("  with another track's body", one.shuffled_pose.value);
  }
  json["repeat_share"] = repeat_share(test);
  json["codes"] = config.vqvae.codes;
  json["clips_with_notes"] = noted.clips.size();
  const auto add_baseline = [&](const std::string& name, double nats) {
    json["baselines"][name]["nll_nats"] = nats;
    json["baselines"][name]["bits_per_second"] = nats * to_bits_per_second;
    add_row(name, nats);
  };
  add_baseline("uniform", baselines.uniform_nats);
  add_baseline("unigram", baselines.unigram_nats);
  add_baseline("bigram", baselines.bigram_nats);
  json["baselines"]["unigram"]["epsilon"] = baselines.epsilon;
  json["baselines"]["bigram"]["strength"] = baselines.strength;

  std::string notes = "\nLower is better. ";
  for (const PriorFigures& one : all) {
    if (!one.shuffled) continue;
    notes += text("The right body saves ", figure(one.pose_gain.value), " +- ",
                  figure(one.pose_gain.standard_error), " nats (", one.name, ").\n");
  }
  if (!all.front().shuffled) {
    notes += one_track_note();
  }
  notes += mixed_note(noted.clips.size(), judged.clips.size());
  if (!no_notes.empty()) notes += text("No result with notes: ", no_notes, ".\n");
  notes += text(figure(100 * repeat_share(test)), " % of the codes repeat the one before.\n");
  return {.json = dump(json),
          .report = text(headline(heading), "\n\n", table(rows), moments_report(all), notes)};
}

}  // namespace minet::evaluation
