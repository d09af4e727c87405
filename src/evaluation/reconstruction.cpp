// How much of a sound the VQ-VAE's codes preserve (paper section 4: test L2), compared with an
// untrained frame-wise codebook of the same size.
#include "minet/evaluation/reconstruction.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <optional>
#include <utility>

#include "evaluation/frame_baselines.hpp"
#include "evaluation/scene.hpp"
#include "evaluation/sound_examples.hpp"
#include "evaluation/spectral.hpp"
#include "minet/core/table.hpp"
#include "minet/core/text.hpp"
#include "minet/models/vector_quantizer.hpp"

namespace minet::evaluation {
namespace {

// One row of the table: the measures and, if it has any, the codes.
class Row {
 public:
  Row(std::string key, std::string name, std::int64_t codes = 0)
      : key_(std::move(key)), name_(std::move(name)), codes_(codes) {
    if (codes_ > 0) histogram_ = at::zeros({codes_}, at::kLong);
  }

  void add(const FrameViews& real, const FrameViews& estimate, const at::Tensor& codes = {}) {
    measures_.add(real, estimate);
    if (codes_ > 0) histogram_ += at::bincount(codes.flatten().to(at::kCPU), {}, codes_);
  }

  void put(nlohmann::ordered_json& json) const {
    const SpectralFigures figures = measures_.figures();
    json["l2"] = figures.l2;
    json["spectral_convergence_db"] = figures.spectral_convergence_db;
    json["log_spectral_distance_db"] = figures.log_spectral_distance_db;
    if (codes_ == 0) return;
    json["codes"] = codes_;
    json["codes_used"] = usage().distinct;
    json["perplexity"] = usage().perplexity;
  }

  std::vector<std::string> cells() const {
    const SpectralFigures figures = measures_.figures();
    std::vector<std::string> cells{name_, figure(figures.l2),
                                   figure(figures.log_spectral_distance_db),
                                   figure(figures.spectral_convergence_db)};
    if (codes_ > 0) {
      cells.push_back(text(usage().distinct, " of ", codes_));
      cells.push_back(figure(usage().perplexity));
    }
    return cells;
  }

  const std::string& key() const { return key_; }
  double l2() const { return measures_.figures().l2; }
  std::int64_t frames() const { return measures_.frames(); }

 private:
  models::CodeUsage usage() const {
    return models::usage_of_histogram(
        {histogram_.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(codes_)});
  }

  std::string key_, name_;
  std::int64_t codes_;
  at::Tensor histogram_;  // [K]
  SpectralMeasures measures_;
};

std::string report_of(const Scene& scene, const FrameBaselines& baselines,
                      const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> lines{
      {"", "L2", "LSD (dB)", "SC (dB)", "codes used", "perplexity"}};
  for (const Row& row : rows) lines.push_back(row.cells());
  const bool better = rows[0].l2() < rows[1].l2();
  return text(headline(scene.heading()), "\n\n", table(lines),
              "\nL2: mean squared error of the standardised log-spectrogram. LSD: log-spectral "
              "distance.\nSC: spectral convergence, linear magnitudes. In all three lower is "
              "better; more codes used is better.\n"
              "The baselines were fitted to ",
              baselines.frames, " training frames, without any training. ",
              better ? "The model is better than k-means in L2.\n"
                     : "The model is not better than k-means in L2.\n");
}

}  // namespace

EvalResult evaluate_reconstruction(const ReconstructionOptions& options) {
  const at::NoGradGuard no_grad;
  check_baseline_frames(options.baseline_frames);
  Scene scene(options.common, "reconstruction", Need::codes);
  models::Model& model = scene.model();
  std::optional<SoundExamples> sounds;
  if (options.sound) sounds.emplace(options);
  const FrameBaselines baselines = fit_frame_baselines(scene, options.baseline_frames);
  const FrameCodebook& codebook = baselines.codebook;
  const std::int64_t width = codebook.pca.basis.size(1), clusters = codebook.codes.size(0);

  std::vector<Row> rows;
  rows.emplace_back("", "this model", model.config.vqvae.codes);
  rows.emplace_back("pca_kmeans", text("PCA to ", width, ", k-means codes"), clusters);
  rows.emplace_back("pca", text("PCA to ", width, ", no codes"));
  rows.emplace_back("bin_mean", "mean of each bin");
  for_each_batch(
      "reconstruction", scene.clips, [&](std::size_t, const std::vector<clips::Clip>& some) {
        const at::Tensor spectrograms = scene.tracks.spectrograms(some, model.scale);  // [B, F, T]
        const models::VqVaeOutput output =
            model.vqvae->forward(spectrograms.to(scene.device), /*quantise=*/true);
        const FrameViews real(model.scale, frames_of(spectrograms));
        const auto view = [&](const at::Tensor& frames) { return FrameViews(model.scale, frames); };
        const FramePca& pca = codebook.pca;
        const at::Tensor projected = pca.project(real.standardised);  // [M, D]
        const at::Tensor chosen = codebook.encode(real.standardised);
        rows[0].add(real, view(frames_of(output.reconstruction)), output.codes);
        rows[1].add(real, view(codebook.decode(chosen)), chosen);
        rows[2].add(real, view(pca.restore(projected)));
        rows[3].add(real, view(pca.mean.expand_as(real.standardised)));
      });
  if (sounds) sounds->write(scene);

  nlohmann::ordered_json json = begin_json(scene.heading());
  json["frames"] = rows[0].frames();
  rows[0].put(json);
  json["baseline_frames"] = baselines.frames;
  for (std::size_t i = 1; i < rows.size(); ++i) rows[i].put(json["baselines"][rows[i].key()]);
  return {.json = dump(json), .report = report_of(scene, baselines, rows)};
}

}  // namespace minet::evaluation
