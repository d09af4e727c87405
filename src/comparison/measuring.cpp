#include "comparison/measuring.hpp"

#include <algorithm>

#include "minet/core/errors.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"
#include "minet/core/words.hpp"
#include "minet/models/model.hpp"

namespace minet::comparison {
namespace {

using Json = nlohmann::ordered_json;

// Why models that need notes cannot be compared on a corpus; empty if they can.
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

Json as_json(const config::GenerationConfig& config) {
  return {{"temperature", config.temperature},
          {"top_p", config.top_p},
          {"notes_temperature", config.notes_temperature},
          {"notes_top_p", config.notes_top_p},
          {"top_k", config.top_k},
          {"level_temperature", config.level_temperature}};
}

}  // namespace

Measuring::Measuring(const TablesOptions& options)
    : options_(options),
      corpus_(corpus::Corpus::open(options.corpus)),
      no_notes_(why_no_notes(corpus_)),
      runs_(options, {.hash = corpus_.hash(), .notes = no_notes_.empty()}),
      results_(options.out / "results"),
      shards_(options.shard.merge ? all_shards(options.out)
                                  : std::vector<std::filesystem::path>()) {}

Json Measuring::inputs(RunKind kind, std::uint64_t seed, const Json& own) {
  Json inputs;
  inputs["version"] = version();
  inputs["corpus"] = corpus_.hash();
  inputs["model"] = model_hash(kind, seed);
  inputs["generation"] = generation(kind, seed);
  inputs["seed"] = seed;
  inputs["options"] = own;
  return inputs;
}

// Whole measurements are dealt to the shards in turn, starting at a different shard for each
// metric: measurements of one metric take about the same time.
int Measuring::shard_of(const std::string& metric, const std::string& name) {
  const auto known = owners_.find(name);
  if (known != owners_.end()) return known->second;
  const int count = options_.shard.merge ? static_cast<int>(shards_.size()) : options_.shard.count;
  auto& [measured, first] =
      counts_.try_emplace(metric, 0, static_cast<int>(counts_.size())).first->second;
  return owners_[name] = (first + measured++) % count + 1;
}

Measurement Measuring::measure_one(const std::string& metric, RunKind kind, std::uint64_t seed,
                                   const Json& own, const Evaluate& evaluate,
                                   const std::filesystem::path& also) {
  const std::string name = text(metric, "-", key_of(kind), "-seed", seed);
  const Json made_from = inputs(kind, seed, own);
  if (options_.shard.merge) {
    const Shard owner{.number = shard_of(metric, name), .count = static_cast<int>(shards_.size())};
    if (auto kept = results_.kept(name, made_from, also)) return {name, *std::move(kept)};
    const std::filesystem::path file = results_.file(name);
    const bool there = std::filesystem::exists(file) && (also.empty() || exists(also));
    throw InputError(
        text(file.string(), ": expected what shard ", to_text(owner), " measures, got ",
             there ? "a measurement of another model, corpus or other options" : "none",
             "; run that shard again"));
  }
  if (options_.shard.count > 0 && shard_of(metric, name) != options_.shard.number) {
    return {name, nullptr};
  }
  return {name, results_.get(
                    name, made_from, [&] { return evaluate(seed); }, "measuring", also)};
}

std::vector<Measurement> Measuring::measure_in_parts(const std::string& metric, RunKind kind,
                                                     const Json& own, const InParts& evaluate) {
  std::vector<Measurement> all;
  for (const std::uint64_t seed : options_.seeds) {
    const std::string name = text(metric, "-", key_of(kind), "-seed", seed);
    const Json made_from = inputs(kind, seed, own);
    const std::string file = name + ".json";
    if (options_.shard.count > 0) {
      log::info(text("measuring ", name, ", shard ", to_text(options_.shard)));
      evaluate.part(seed, shard_folder(options_.out, options_.shard) / file);
      ++parts_;
      all.push_back({name, nullptr});
      continue;
    }
    const auto make = [&] {
      if (!options_.shard.merge) return evaluate.whole(seed);
      std::vector<std::filesystem::path> files;
      for (const std::filesystem::path& shard : shards_) files.push_back(shard / file);
      return evaluate.join(seed, files);
    };
    all.push_back({name, results_.get(name, made_from, make,
                                      options_.shard.merge ? "joining" : "measuring")});
  }
  return all;
}

std::string Measuring::said_of_shard() const {
  const auto own = std::ranges::count_if(
      owners_, [&](const auto& owner) { return owner.second == options_.shard.number; });
  return text(shard_folder(options_.out, options_.shard).string(), ": a part of ",
              counted(parts_, "measurement"), ", and ", own, " of ", owners_.size(), " others\n");
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
  std::string& hash = model_hashes_[{kind, seed}];  // models no longer change here
  if (hash.empty()) hash = sha256_of_file(models::model_file(runs_.folder(kind, seed)));
  return hash;
}

Json Measuring::generation(RunKind kind, std::uint64_t seed) const {
  return as_json(models::generation_of(runs_.folder(kind, seed)));
}

bool Measuring::has_mixed_test() const {
  const auto test = corpus_.tracks_of("test");
  const auto noted = std::ranges::count_if(test, &corpus::Track::has_notes);
  return noted > 0 && noted < std::ssize(test);
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
