#include "comparison/figures.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "evaluation/curves.hpp"
#include "evaluation/statistics/tsne_map.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"
#include "minet/evaluation/tsne.hpp"

namespace minet::comparison {
namespace {

namespace fs = std::filesystem;

constexpr double kFewestPoints = 12;         // a map of fewer is meaningless
constexpr std::uint64_t kMaxSvg = 64 << 20;  // bytes

}  // namespace

std::string tsne_svg(Measuring& measuring) {
  const std::uint64_t seed = measuring.first_seed();
  const fs::path folder =
      measuring.options().out / "results" / text("tsne-", key_of(RunKind::minet), "-seed", seed);
  const fs::path svg = folder / "tsne.svg";
  double clips = 0;  // in the test split, end to end
  for (const corpus::Track& track : measuring.corpus().tracks_of("test")) {
    clips += std::floor(track.seconds / measuring.runs().config(RunKind::minet).data.clip_seconds);
  }
  if (clips < kFewestPoints) return {};
  measuring.measure_one(
      "tsne", RunKind::minet, seed, nlohmann::ordered_json::object(),
      [&](std::uint64_t) {
        evaluation::TsneOptions options{.common = measuring.common(RunKind::minet, seed),
                                        .perplexity = std::min(30.0, clips / 3),
                                        .out = folder,
                                        .force = true};
        const bool all = clips <= static_cast<double>(evaluation::kMaxTsnePoints);
        options.common.clips = all ? 0 : evaluation::kMaxTsnePoints;
        return evaluation::evaluate_tsne(options);
      },
      svg);
  if (!fs::exists(svg)) return {};
  // Embedded in a page, an image must not have an XML prologue.
  const std::string content = read_file(svg, kMaxSvg);
  const std::size_t begin = content.find("<svg");
  return begin == std::string::npos ? std::string() : content.substr(begin);
}

std::vector<std::string> curve_svgs(const Measuring& measuring) {
  const std::uint64_t seed = measuring.first_seed();
  const auto curve = [&](RunKind kind, const char* stage, const char* key, const char* name) {
    return evaluation::read_curve(measuring.runs().folder(kind, seed) / "metrics.jsonl", stage, key,
                                  name);
  };
  std::vector<std::string> svgs{
      evaluation::curves_svg("Reconstruction loss",
                             {curve(RunKind::minet, "vqvae", "reconstruction", "MBR"),
                              curve(RunKind::no_mbr, "vqvae", "reconstruction", "plain")}),
      evaluation::curves_svg("Codes used in a batch",
                             {curve(RunKind::minet, "vqvae", "codes_used", "MBR"),
                              curve(RunKind::no_mbr, "vqvae", "codes_used", "plain")}),
      evaluation::curves_svg("Prior, nats per code",
                             {curve(RunKind::minet, "prior", "loss", "MI Net"),
                              curve(RunKind::content, "prior", "loss", "content cond."),
                              curve(RunKind::gru_seq2seq, "prior", "loss", "GRU-Seq2Seq")}),
      evaluation::curves_svg(
          "Baselines, frame loss",
          {curve(RunKind::seq2seq, "baseline", "loss", "Seq2Seq"),
           curve(RunKind::graph_transformer, "baseline", "loss", "Graph-Transformer")})};
  if (measuring.has(RunKind::plus)) {
    for (const char* stage : {"synthesiser", "controls"}) {
      svgs.push_back(evaluation::curves_svg(
          text("plus, loss of the ", stage),
          {curve(RunKind::plus, stage, "loss", title_of(RunKind::plus).c_str())}));
    }
  }
  std::erase_if(svgs, [](const std::string& svg) { return svg.empty(); });
  return svgs;
}

}  // namespace minet::comparison
