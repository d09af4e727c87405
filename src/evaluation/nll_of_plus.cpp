// How well plus predicts what is played: onset, pitch and loudness of each frame of 32 ms.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <numbers>
#include <string>
#include <utility>
#include <vector>

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

// For each clip one of another track, half the list further on; itself if there is none.
std::vector<clips::Clip> others_of(const std::vector<clips::Clip>& clips) {
  std::vector<clips::Clip> result;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    std::size_t other = (i + clips.size() / 2) % clips.size();
    for (std::size_t tried = 0; tried < clips.size() && clips[other].track == clips[i].track;
         ++tried) {
      other = (other + 1) % clips.size();
    }
    result.push_back(clips[other]);
  }
  return result;
}

class PlusNll {
 public:
  PlusNll(const Scene& scene, models::PlusModel model)
      : scene_(scene),
        model_(std::move(model)),
        data_(scene.corpus, scene.options.split, model_.config, /*cache=*/{}, scene.device,
              at::get_num_threads()),
        others_(others_of(scene.clips)) {}

  FrameNats nats(const std::string& label, bool notes, bool other_body) {
    const at::NoGradGuard no_grad;
    FrameNats all;
    const auto add = [](std::vector<at::Tensor>& to, const at::Tensor& values) {
      to.push_back(values.to(at::kCPU, at::kDouble).flatten());
    };
    for_each_batch(
        label, scene_.clips, [&](std::size_t first, const std::vector<clips::Clip>& some) {
          const std::vector<bool> hidden(some.size(), !notes);
          models::ControlBatch batch = data_.controls(some, hidden);
          if (other_body) {
            const auto begin = others_.begin() + static_cast<std::ptrdiff_t>(first);
            batch.pose =
                data_.controls({begin, begin + static_cast<std::ptrdiff_t>(some.size())}, hidden)
                    .pose;
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
  std::vector<clips::Clip> others_;
};

double mean(const std::vector<at::Tensor>& parts) {
  return at::cat(parts).mean().item<double>();
}

double mean_at_onsets(const FrameNats& nats) {
  const at::Tensor begins = at::cat(nats.begins) > 0;
  return begins.any().item<bool>()
             ? at::cat(nats.played).masked_select(begins).mean().item<double>()
             : 0;
}

}  // namespace

EvalResult evaluate_plus_nll(const NllOptions& options) {
  const Scene scene(options.common, "nll");
  models::PlusModel model = models::load_plus(options.common.model);
  model.to(scene.device);
  const double rate = models::token_rate(model.config);
  PlusNll measure(scene, std::move(model));
  const FrameNats own = measure.nats("without notes", false, false);
  const FrameNats other = measure.nats("without notes, another's body", false, true);
  const FrameNats told = measure.nats("with notes", true, false);
  const FrameNats told_other = measure.nats("with notes, another's body", true, true);

  const double whole = mean(own.played) + mean(own.level);
  const double whole_other = mean(other.played) + mean(other.level);
  nlohmann::ordered_json json = begin_json(scene.heading());
  json["nll_nats"] = whole;
  json["nll_bits_per_second"] = whole * rate / std::numbers::ln2;
  json["nll_shuffled_pose_nats"] = whole_other;
  json["nll_pose_gain_nats"] = whole_other - whole;
  json["nll_onset_and_pitch_nats"] = mean(own.played);
  json["nll_level_nats"] = mean(own.level);
  json["nll_at_onsets_nats"] = mean_at_onsets(own);
  json["nll_at_onsets_pose_gain_nats"] = mean_at_onsets(other) - mean_at_onsets(own);
  json["nll_notes_level_nats"] = mean(told.level);
  json["nll_notes_level_pose_gain_nats"] = mean(told_other.level) - mean(told.level);
  const auto row = [](const char* name, double nats, double other_nats) {
    return std::vector<std::string>{name, figure(nats), figure(other_nats),
                                    figure(other_nats - nats)};
  };
  const std::vector<std::vector<std::string>> rows{
      {"", "nats per frame", "another's body", "body saves"},
      row("onset and pitch", mean(own.played), mean(other.played)),
      row("  where a note begins", mean_at_onsets(own), mean_at_onsets(other)),
      row("loudness", mean(own.level), mean(other.level)),
      row("loudness, notes given", mean(told.level), mean(told_other.level))};
  return {
      .json = dump(json),
      .report = text(headline(scene.heading()), "\n\n", table(rows), "\nLower is better. ",
                     figure(whole * rate / std::numbers::ln2),
                     " bits per second without notes. With notes, onset and pitch are given.\n")};
}

}  // namespace minet::evaluation
