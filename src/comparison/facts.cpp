#include "comparison/facts.hpp"

#include <set>

#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "training/run_json.hpp"

namespace minet::comparison {
namespace {

using Json = nlohmann::ordered_json;

Json run_json(const Measuring& measuring, RunKind kind, std::uint64_t seed) {
  return training::read_run_json(measuring.runs().folder(kind, seed));
}

std::string budgets(const RunShelf& runs) {
  const auto stage = [](const config::StageConfig& budget) {
    return text(counted(budget.steps, "step"), " of ", counted(budget.batch, "clip"));
  };
  std::vector<std::string> budgets{
      text("shared VQ-VAE ", stage(runs.config(RunKind::minet).vqvae_training))};
  for (const RunKind kind : runs.kinds()) {
    budgets.push_back(text(title_of(kind), " ", stage(runs.budget(kind))));
    if (kind == RunKind::plus) {
      budgets.back() += " after " + stage(runs.config(kind).synthesiser_training);
    }
  }
  return "Budgets: " + join(budgets, "; ");
}

// Runs trained on other corpora that the options allow.
std::vector<std::string> other_corpora(const Measuring& measuring) {
  std::vector<std::string> facts;
  for (const std::uint64_t seed : measuring.options().seeds) {
    for (const RunKind kind : measuring.runs().kinds()) {
      const std::string hash = measuring.runs().corpus_of(kind, seed);
      if (hash.empty() || hash == measuring.corpus().hash()) continue;
      facts.push_back(text(title_of(kind), " was trained on corpus ", hash.substr(0, 12),
                           ", declared as the same recordings"));
    }
  }
  return facts;
}

std::string machines(const Measuring& measuring) {
  std::set<std::string> found;
  for (const std::uint64_t seed : measuring.options().seeds) {
    for (const RunKind kind : measuring.runs().kinds()) {
      const Json own = run_json(measuring, kind, seed);
      if (own.contains("device") && own["device"].is_string()) {
        found.insert(own["device"].get<std::string>());
      }
    }
  }
  return text("Trained on ", join({found.begin(), found.end()}, ", "));
}

}  // namespace

std::vector<std::string> facts(const Measuring& measuring) {
  const TablesOptions& options = measuring.options();
  const auto tracks = [&](const char* split) {
    double seconds = 0;
    const auto all = measuring.corpus().tracks_of(split);
    for (const corpus::Track& track : all) seconds += track.seconds;
    return text(counted(all.size(), "track"), ", ", human_duration(seconds));
  };
  std::vector<std::string> seeds;
  for (const std::uint64_t seed : options.seeds) seeds.push_back(text(seed));
  std::vector<std::string> facts{
      text("Corpus: ", options.corpus.string(), " (", measuring.corpus().hash().substr(0, 12),
           "); train ", tracks("train"), "; test ", tracks("test")),
      text("Configuration: ", options.config.string(),
           options.overrides.empty() ? "" : " with " + join(options.overrides, ", ")),
      budgets(measuring.runs()),
      machines(measuring),
      text("Seeds: ", join(seeds, ", "), "; ", options.clips, " test clips, ", options.ndb_clips,
           " for table 1; intervals are 95 %", options.seeds.size() > 1 ? ", over the seeds" : ""),
      text("minet ", version())};
  for (std::string& fact : other_corpora(measuring)) facts.push_back(std::move(fact));
  for (const auto& [what, reason] : measuring.left_out()) {
    facts.push_back(text("Left out: ", what, ": ", reason));
  }
  return facts;
}

Json runs_json(Measuring& measuring) {
  Json runs = Json::array();
  for (const std::uint64_t seed : measuring.options().seeds) {
    for (const RunKind kind : measuring.runs().kinds()) {
      const Json own = run_json(measuring, kind, seed);
      Json& run = runs.emplace_back();
      run["run"] = key_of(kind);
      run["seed"] = seed;
      run["model"] = measuring.model_hash(kind, seed);
      run["generation"] = measuring.generation(kind, seed);
      for (const char* key : {"version", "torch", "device", "threads", "capability", "started"}) {
        if (own.contains(key)) run[key] = own[key];
      }
    }
  }
  return runs;
}

}  // namespace minet::comparison
