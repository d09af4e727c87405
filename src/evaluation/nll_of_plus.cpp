// How well plus predicts what is played: onset, pitch and loudness of each frame of 32 ms.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/nll_of_plus.hpp"
#include "evaluation/scene.hpp"
#include "minet/clips/plus_data.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/models/plus.hpp"

namespace minet::evaluation {
namespace {

// Losses of the frames of all clips, flat, double.
struct FrameNats {
  std::vector<at::Tensor> played, level, begins;
};

// For each clip one of another track, half the list further on; empty if all are of one track.
std::vector<clips::Clip> others_of(const std::vector<clips::Clip>& clips) {
  std::vector<clips::Clip> result;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    std::size_t other = (i + clips.size() / 2) % clips.size();
    for (std::size_t tried = 0; tried < clips.size() && clips[other].track == clips[i].track;
         ++tried) {
      other = (other + 1) % clips.size();
    }
    if (clips[other].track == clips[i].track) return {};
    result.push_back(clips[other]);
  }
  return result;
}

// Figures of one condition, with the player's own body and another's.
struct Pair {
  FrameNats own;
  std::optional<FrameNats> other;  // not if all clips are of one track
};

class PlusNll {
 public:
  PlusNll(const Scene& scene, models::PlusModel model)
      : scene_(scene),
        model_(std::move(model)),
        data_(scene.corpus, scene.options.split, model_.config, /*cache=*/{}, scene.device,
              at::get_num_threads()) {}

  // Over the clips, or those that have notes: nullopt if none has.
  std::optional<Pair> measure(const std::string& label, bool notes) {
    std::vector<clips::Clip> clips = scene_.clips;
    if (notes) {
      std::erase_if(clips, [&](const clips::Clip& clip) {
        return !scene_.track(scene_.tracks, clip).has_notes;
      });
    }
    if (clips.empty()) return std::nullopt;
    Pair pair{.own = nats(label, clips, notes, {}), .other = {}};
    const std::vector<clips::Clip> others = others_of(clips);
    if (!others.empty()) pair.other = nats(label + ", another's body", clips, notes, others);
    return pair;
  }

 private:
  FrameNats nats(const std::string& label, const std::vector<clips::Clip>& clips, bool notes,
                 const std::vector<clips::Clip>& bodies) {
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

  const Scene& scene_;
  models::PlusModel model_;
  clips::PlusData data_;
};

double mean(const std::vector<at::Tensor>& parts) {
  return at::cat(parts).mean().item<double>();
}

using Figure = std::optional<double>;

// nullopt if no note begins.
Figure mean_at_onsets(const FrameNats& nats) {
  const at::Tensor begins = at::cat(nats.begins) > 0;
  if (!begins.any().item<bool>()) return std::nullopt;
  return at::cat(nats.played).masked_select(begins).mean().item<double>();
}

Figure mean_played(const FrameNats& nats) {
  return mean(nats.played);
}

Figure mean_level(const FrameNats& nats) {
  return mean(nats.level);
}

Figure mean_of_all(const FrameNats& nats) {
  return mean(nats.played) + mean(nats.level);
}

// One figure of a pair: what can be measured of it in the JSON and in the table.
struct Row {
  std::string name, key, gain_key;
  Figure own, other;

  Row(std::string row_name, std::string json_key, std::string json_gain_key,
      Figure (*measure)(const FrameNats&), const Pair& pair)
      : name(std::move(row_name)),
        key(std::move(json_key)),
        gain_key(std::move(json_gain_key)),
        own(measure(pair.own)),
        other(pair.other ? measure(*pair.other) : std::nullopt) {}
  void add_to(nlohmann::ordered_json& json) const {
    if (own && !key.empty()) json[key] = *own;
    if (own && other && !gain_key.empty()) json[gain_key] = *other - *own;
  }
  std::vector<std::string> cells() const {
    const auto shown = [](const Figure& value) {
      return value ? figure(*value) : std::string("-");
    };
    return {name, shown(own), shown(other), own && other ? figure(*other - *own) : "-"};
  }
};

}  // namespace

EvalResult evaluate_plus_nll(const NllOptions& options) {
  const Scene scene(options.common, "nll");
  models::PlusModel model = models::load_plus(options.common.model);
  model.to(scene.device);
  const double rate = models::token_rate(model.config);
  PlusNll measure(scene, std::move(model));
  const std::optional<Pair> alone = measure.measure("without notes", false);
  const std::optional<Pair> told = measure.measure("with notes", true);
  if (!alone) throw InputError("nll: expected clips to measure, got none");

  const Row whole("", "nll_nats", "nll_pose_gain_nats", mean_of_all, *alone);
  std::vector<Row> rows{{"onset and pitch", "nll_onset_and_pitch_nats", "", mean_played, *alone},
                        {"  where a note begins", "nll_at_onsets_nats",
                         "nll_at_onsets_pose_gain_nats", mean_at_onsets, *alone},
                        {"loudness", "nll_level_nats", "", mean_level, *alone}};
  if (told) {
    rows.push_back({"loudness, notes given", "nll_notes_level_nats",
                    "nll_notes_level_pose_gain_nats", mean_level, *told});
  }
  const double bits = *whole.own * rate / std::numbers::ln2;
  nlohmann::ordered_json json = begin_json(scene.heading());
  json["nll_bits_per_second"] = bits;
  if (whole.other) json["nll_shuffled_pose_nats"] = *whole.other;
  whole.add_to(json);
  std::vector<std::vector<std::string>> lines{
      {"", "nats per frame", "another's body", "body saves"}};
  for (const Row& row : rows) {
    row.add_to(json);
    lines.push_back(row.cells());
  }
  std::string notes = text("\nLower is better. ", figure(bits), " bits per second without notes. ");
  notes += told ? "With notes, onset and pitch are given.\n" : "No track of the split has notes.\n";
  if (!alone->other) notes += "All clips are of one track, so none was given another's body.\n";
  return {.json = dump(json),
          .report = text(headline(scene.heading()), "\n\n", table(lines), notes)};
}

}  // namespace minet::evaluation
