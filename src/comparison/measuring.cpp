#include "comparison/measuring.hpp"

#include <algorithm>

#include "minet/core/hash.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/models/model.hpp"

namespace minet::comparison {
namespace {

using Json = nlohmann::ordered_json;

// Why what needs notes cannot be compared on a corpus; empty if it can.
std::string why_no_notes(const corpus::Corpus& corpus) {
  for (const char* split : {"train", "test"}) {
    const auto tracks = corpus.tracks_of(split);
    if (std::none_of(tracks.begin(), tracks.end(),
                     [](const corpus::Track& track) { return track.has_notes; })) {
      return text("no track of split '", split, "' has notes");
    }
  }
  return {};
}

}  // namespace

Measuring::Measuring(const TablesOptions& options)
    : options_(options),
      corpus_(corpus::Corpus::open(options.corpus)),
      no_notes_(why_no_notes(corpus_)),
      runs_(options, {.hash = corpus_.hash(), .notes = no_notes_.empty()}),
      results_(options.out / "results") {}

Measurement Measuring::measure_one(const std::string& metric, RunKind kind, std::uint64_t seed,
                                   const Json& own, const Evaluate& evaluate) {
  Json inputs;
  inputs["version"] = version();
  inputs["corpus"] = corpus_.hash();
  inputs["model"] = model_hash(kind, seed);
  inputs["seed"] = seed;
  inputs["options"] = own;
  const std::string name = text(metric, "-", key_of(kind), "-seed", seed);
  return {name, results_.get(name, inputs, [&] { return evaluate(seed); })};
}

std::vector<Measurement> Measuring::measure(const std::string& metric, RunKind kind,
                                            const Json& own, const Evaluate& evaluate) {
  std::vector<Measurement> all;
  for (const std::uint64_t seed : options_.seeds) {
    all.push_back(measure_one(metric, kind, seed, own, evaluate));
  }
  return all;
}

evaluation::EvalOptions Measuring::common(RunKind kind, std::uint64_t seed) const {
  return {.model = runs_.folder(kind, seed),
          .corpus = options_.corpus,
          .clips = options_.clips,
          .seed = seed,
          .device = options_.device,
          .threads = options_.threads};
}

const std::string& Measuring::model_hash(RunKind kind, std::uint64_t seed) {
  std::string& hash = model_hashes_[{kind, seed}];  // a model is not trained any more here
  if (hash.empty()) hash = sha256_of_file(models::model_file(runs_.folder(kind, seed)));
  return hash;
}

Take number(std::string path, std::string interval) {
  return [path = std::move(path), interval = std::move(interval)](const Measurement& measurement) {
    return measurement.at(path, interval);
  };
}

Take with_error(std::string path, std::string error_path) {
  return [path = std::move(path), error_path = std::move(error_path)](
             const Measurement& measurement) { return measurement.with_error(path, error_path); };
}

Cell cell(const std::vector<Measurement>& all, const Take& take) {
  std::vector<Measured> values;
  for (const Measurement& measurement : all) {
    const Cell one = take(measurement);
    if (!one) return std::nullopt;
    values.push_back(*one);
  }
  return over_runs(values);
}

void put(PaperTable& table, const std::string& row, const std::vector<Measurement>& all,
         const std::vector<Take>& takes) {
  TableRow& line = table.row(row);
  for (std::size_t i = 0; i < takes.size(); ++i) line.cells[i] = cell(all, takes[i]);
}

bool all_have(const std::vector<Measurement>& all, const std::string& path) {
  return std::all_of(all.begin(), all.end(),
                     [&](const Measurement& measurement) { return measurement.has(path); });
}

}  // namespace minet::comparison
