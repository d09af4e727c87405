#include "comparison/paper_tables.hpp"
#include "minet/evaluation/reconstruction.hpp"

namespace minet::comparison {

PaperTable reconstruction_table(Measuring& measuring) {
  PaperTable table = {
      .key = "4",
      .title = "What do the codes keep of a sound?",
      .columns = {"L2", "LSD (dB)", "SC (dB)", "codes used", "perplexity"},
      .rows = {},
      .notes = {"On held-out clips. L2: mean squared error of the standardised "
                "log-spectrogram; LSD: log-spectral distance; SC: spectral convergence; in "
                "these lower is better. The paper's L2 is on a different scale: only the ratio, "
                "with over without MBR blocks, can be compared."}};
  // Rows without codes have three of the five metrics.
  const auto columns = [](const std::string& prefix, std::size_t count = 5) {
    std::vector<Take> takes;
    for (const char* key : {"l2", "log_spectral_distance_db", "spectral_convergence_db",
                            "codes_used", "perplexity"}) {
      if (takes.size() < count) takes.push_back(number(prefix + key));
    }
    return takes;
  };
  const auto of = [&](RunKind kind) {
    return measuring.measure(
        "reconstruction", kind, {{"clips", measuring.options().clips}}, [&](std::uint64_t seed) {
          return evaluation::evaluate_reconstruction({.common = measuring.common(kind, seed)});
        });
  };
  const auto without = of(RunKind::no_mbr), with = of(RunKind::minet);
  put(table, title_of(RunKind::no_mbr), without, columns(""));
  put(table, title_of(RunKind::minet), with, columns(""));
  std::vector<Measured> ratios;
  for (std::size_t i = 0; i < with.size(); ++i) {
    const Cell above = with[i].at("l2"), below = without[i].at("l2");
    if (above && below) ratios.push_back({.value = above->value / below->value});
  }
  TableRow& ratio = table.row("with over without");
  if (ratios.size() == with.size()) ratio.cells[0] = over_runs(ratios);
  put(table, "frame-wise PCA and k-means, no training", without, columns("baselines.pca_kmeans."));
  put(table, "frame-wise PCA, no codes", without, columns("baselines.pca.", 3));
  put(table, "mean of each bin", without, columns("baselines.bin_mean.", 3));
  return table;
}

}  // namespace minet::comparison
