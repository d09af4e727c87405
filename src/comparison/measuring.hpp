// Shared by all tables: the corpus, the runs and their measurements, each made once.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "comparison/measurement.hpp"
#include "comparison/paper_table.hpp"
#include "comparison/result_shelf.hpp"
#include "comparison/run_shelf.hpp"
#include "minet/comparison/tables.hpp"
#include "minet/corpus/corpus.hpp"
#include "minet/evaluation/evaluation.hpp"

namespace minet::comparison {

struct LeftOut {
  std::string what, why;
};

// Said of a table whose rows need notes, if has_mixed_test().
inline constexpr const char* kClipsWithNotes =
    "Not every test track has notes: all rows are of the clips that have them.";

class Measuring {
 public:
  explicit Measuring(const TablesOptions& options);

  using Evaluate = std::function<evaluation::EvalResult(std::uint64_t seed)>;
  // The cached result in OUT/results if it was made from the same inputs, otherwise measured with
  // `evaluate` and cached. `own`: the metric's own options, which are part of the inputs.
  // `also`: another file that `evaluate` writes; without it, the cached result is not used.
  Measurement measure_one(const std::string& metric, RunKind kind, std::uint64_t seed,
                          const nlohmann::ordered_json& own, const Evaluate& evaluate,
                          const std::filesystem::path& also = {});
  // A measurement that shards make together, each on some of its clips.
  struct InParts {
    Evaluate whole;
    // Writes a shard's findings to `file`, unless they are there already.
    std::function<void(std::uint64_t seed, const std::filesystem::path& file)> part;
    std::function<evaluation::EvalResult(std::uint64_t seed,
                                         const std::vector<std::filesystem::path>& files)>
        join;
  };
  std::vector<Measurement> measure_in_parts(const std::string& metric, RunKind kind,
                                            const nlohmann::ordered_json& own,
                                            const InParts& evaluate);
  // One per seed.
  std::vector<Measurement> measure(const std::string& metric, RunKind kind,
                                   const nlohmann::ordered_json& own, const Evaluate& evaluate);

  evaluation::EvalOptions common(RunKind kind, std::uint64_t seed) const;
  const std::string& model_hash(RunKind kind, std::uint64_t seed);
  // The settings that it samples with: not part of model_hash(), as they may be in config.yaml.
  nlohmann::ordered_json generation(RunKind kind, std::uint64_t seed) const;
  void leave_out(const std::string& what, const std::string& why) {
    left_out_.push_back({what, why});
  }
  // Whether this kind is requested and the corpus can train and measure it.
  bool has(RunKind kind) const { return std::ranges::count(runs_.kinds(), kind) > 0; }

  std::string said_of_shard() const;  // summary of what this shard measured

  const TablesOptions& options() const { return options_; }
  const corpus::Corpus& corpus() const { return corpus_; }
  const RunShelf& runs() const { return runs_; }
  const std::string& no_notes() const { return no_notes_; }  // why not; empty if there are notes
  bool has_mixed_test() const;  // whether some, but not all, tracks of split 'test' have notes
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  std::uint64_t first_seed() const { return options_.seeds.front(); }

 private:
  nlohmann::ordered_json inputs(RunKind kind, std::uint64_t seed,
                                const nlohmann::ordered_json& own);
  int shard_of(const std::string& metric, const std::string& name);

  const TablesOptions options_;
  const corpus::Corpus corpus_;
  const std::string no_notes_;
  const RunShelf runs_;
  const ResultShelf results_;
  std::map<std::pair<RunKind, std::uint64_t>, std::string> model_hashes_;
  std::vector<LeftOut> left_out_;
  const std::vector<std::filesystem::path> shards_;  // those to merge
  // The shard of each whole measurement; by metric, how many there are and the first one's shard.
  std::map<std::string, int> owners_;
  std::map<std::string, std::pair<int, int>> counts_;
  int parts_ = 0;
};

using Take = std::function<Cell(const Measurement&)>;
// Like Measurement's at() and with_error().
Take number(std::string path, std::string interval = {});
Take with_error(std::string path, std::string error_path);

// The value at the same path, combined over the seeds; empty if one of them could not measure it.
Cell cell(const std::vector<Measurement>& all, const Take& take);
// Fills the row of that name, one value per column; missing ones stay empty.
void put(PaperTable& table, const std::string& row, const std::vector<Measurement>& all,
         const std::vector<Take>& takes);
bool all_have(const std::vector<Measurement>& all, const std::string& path);

}  // namespace minet::comparison
