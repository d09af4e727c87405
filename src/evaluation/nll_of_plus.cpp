// How well plus predicts what is played: onset, pitch and loudness of each frame of 32 ms.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/nll_clips.hpp"
#include "evaluation/nll_of_plus.hpp"
#include "evaluation/scene.hpp"
#include "minet/clips/plus_data.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/models/plus.hpp"

namespace minet::evaluation {
namespace {

// Losses of the frames of all clips, flat, double.
struct FrameNats {
  std::vector<at::Tensor> played, level, begins;
};

class PlusNll {
 public:
  PlusNll(const Scene& scene, models::PlusModel model)
      : scene_(scene),
        model_(std::move(model)),
        data_(scene.corpus, scene.options.split, model_.config, /*cache=*/{}, scene.device,
              at::get_num_threads()) {}

  // Of `clips`, with the keypoints of `bodies` unless that is empty.
  FrameNats nats(const std::string& label, const std::vector<clips::Clip>& clips,
                 const std::vector<clips::Clip>& bodies, bool notes) {
    const at::NoGradGuard no_grad;
    FrameNats all;
    const auto add = [](std::vector<at::Tensor>& to, const at::Tensor& values) {
      to.push_back(values.to(at::kCPU, at::kDouble).flatten());
    };
    for_each_batch(label, clips, [&](std::size_t first, const std::vector<clips::Clip>& some) {
      const std::vector<bool> hidden(some.size(), !notes);
      models::ControlBatch batch = data_.controls(some, hidden);
      if (!bodies.empty()) {
        const auto begin = bodies.begin() + static_cast<std::ptrdiff_t>(first);
        batch.pose =
            data_.controls({begin, begin + static_cast<std::ptrdiff_t>(some.size())}, hidden).pose;
      }
      const models::ControlLoss loss = models::control_loss(model_, batch);
      add(all.played, loss.onset + loss.pitch);
      add(all.level, loss.level);
      add(all.begins, batch.tokens.onset);
    });
    return all;
  }

 private:
  const Scene& scene_;
  models::PlusModel model_;
  clips::PlusData data_;
};

double mean(const std::vector<at::Tensor>& parts) {
  return at::cat(parts).mean().item<double>();
}

// Nothing if no note begins.
std::optional<double> mean_at_onsets(const FrameNats& nats) {
  const at::Tensor begins = at::cat(nats.begins) > 0;
  if (!begins.any().item<bool>()) return std::nullopt;
  return at::cat(nats.played).masked_select(begins).mean().item<double>();
}

// With the right body and, if there is one, with another track's.
struct BothBodies {
  FrameNats own;
  std::optional<FrameNats> other = std::nullopt;
};

BothBodies measure(PlusNll& nll, const std::string& label, const NllClips& judged, bool notes) {
  BothBodies both{.own = nll.nats(label, judged.clips, {}, notes)};
  if (!judged.bodies.empty()) {
    both.other = nll.nats(text(label, ", another's body"), judged.clips, judged.bodies, notes);
  }
  return both;
}

struct Line {
  std::string name;
  double nats = 0;
  std::optional<double> other = std::nullopt;  // with another track's body
};

class PlusReport {
 public:
  explicit PlusReport(nlohmann::ordered_json& json) : json_(json) {}

  void add(const std::string& key, const Line& line) {
    json_[key + "_nats"] = line.nats;
    if (line.other) json_[key + "_pose_gain_nats"] = *line.other - line.nats;
    lines_.push_back(line);
  }

  std::string lines() const {
    const bool others = std::ranges::any_of(lines_, [](const Line& line) { return !!line.other; });
    std::vector<std::vector<std::string>> rows{{"", "nats per frame"}};
    if (others) rows[0].insert(rows[0].end(), {"another's body", "body saves"});
    for (const Line& line : lines_) {
      rows.push_back({line.name, figure(line.nats)});
      if (!line.other) continue;
      rows.back().insert(rows.back().end(), {figure(*line.other), figure(*line.other - line.nats)});
    }
    return table(rows);
  }

 private:
  nlohmann::ordered_json& json_;
  std::vector<Line> lines_;
};

}  // namespace

EvalResult evaluate_plus_nll(const NllOptions& options) {
  const Scene scene(options.common, "nll");
  const NllClips judged = nll_clips(scene, options.clips_with_notes);
  const NllClips noted = with_notes(scene, judged);
  models::PlusModel model = models::load_plus(options.common.model);
  model.to(scene.device);
  const double rate = models::token_rate(model.config);
  const bool tells = model.notes_trained && !noted.clips.empty();
  PlusNll nll(scene, std::move(model));
  const BothBodies alone = measure(nll, "without notes", judged, false);

  const auto line = [](const char* name, const BothBodies& both, const auto& of) {
    return Line{.name = name,
                .nats = of(both.own),
                .other = both.other ? std::optional(of(*both.other)) : std::nullopt};
  };
  const auto played = [](const FrameNats& nats) { return mean(nats.played); };
  const auto level = [](const FrameNats& nats) { return mean(nats.level); };
  const auto whole = [](const FrameNats& nats) { return mean(nats.played) + mean(nats.level); };
  const auto at_onsets = [](const FrameNats& nats) { return *mean_at_onsets(nats); };

  const Heading heading = scene.heading(judged.clips);
  nlohmann::ordered_json json = begin_json(heading);
  json["unit"] = text("nats per frame of ", figure(1000 / rate), " ms");
  PlusReport report(json);
  const Line all = line("all", alone, whole);
  report.add("nll", all);
  json["nll_bits_per_second"] = all.nats * rate / std::numbers::ln2;
  if (all.other) json["nll_shuffled_pose_nats"] = *all.other;
  report.add("nll_onset_and_pitch", line("onset and pitch", alone, played));
  if (mean_at_onsets(alone.own)) {
    report.add("nll_at_onsets", line("  where a note begins", alone, at_onsets));
  }
  report.add("nll_level", line("loudness", alone, level));
  if (tells) {
    const BothBodies told = measure(nll, "with notes", noted, true);
    report.add("nll_notes_level", line("loudness, notes given", told, level));
  }
  json["clips_with_notes"] = noted.clips.size();
  return {
      .json = dump(json),
      .report = text(headline(heading), "\n\n", report.lines(), "\nLower is better. ",
                     figure(all.nats * rate / std::numbers::ln2), " bits per second without notes.",
                     tells ? " With notes, onset and pitch are given.\n" : "\n",
                     all.other ? "" : one_track_note(),
                     mixed_note(noted.clips.size(), judged.clips.size()))};
}

}  // namespace minet::evaluation
