// The training runs behind the tables: each trained once, resumed after an interruption, or taken
// over from elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "minet/comparison/tables.hpp"
#include "minet/config/train_config.hpp"

namespace minet::comparison {

enum class RunKind { minet, content, no_mbr, gru_seq2seq, seq2seq, graph_transformer, plus };
inline constexpr std::array<RunKind, 7> kRunKinds{
    RunKind::minet,   RunKind::content,           RunKind::no_mbr, RunKind::gru_seq2seq,
    RunKind::seq2seq, RunKind::graph_transformer, RunKind::plus};
std::string key_of(RunKind kind);    // "no_mbr", as in file names
std::string title_of(RunKind kind);  // "MI Net without MBR blocks", as in the tables
bool needs_notes(RunKind kind);      // for training

struct ShelfCorpus {
  std::string hash;
  bool notes = true;  // false: no run that needs notes
};

class RunShelf {
 public:
  // Reads all configurations and checks the existing runs. InputError lists everything that is
  // wrong: a missing file, an unexpected kind, a different VQ-VAE where one is shared, a run of a
  // different configuration or corpus, a missing run if none may be trained.
  RunShelf(const TablesOptions& options, const ShelfCorpus& corpus);

  // Trains the runs that are not trained yet.
  void train_all() const;
  // Those that the options request and the corpus can train.
  const std::vector<RunKind>& kinds() const { return kinds_; }
  std::filesystem::path folder(RunKind kind, std::uint64_t seed) const;
  // Settings of the stage after which the kind is measured.
  const config::StageConfig& budget(RunKind kind) const;
  // Hash of the corpus that a finished run was trained on; empty if unknown.
  std::string corpus_of(RunKind kind, std::uint64_t seed) const;
  const config::TrainConfig& config(RunKind kind) const {
    return configs_[static_cast<std::size_t>(kind)];
  }

 private:
  enum class State { absent, begun, finished };
  void read_configs(std::vector<std::string>& problems);
  void check_runs(std::vector<std::string>& problems) const;
  // InputError if the folder holds something other than this run.
  State state_of(RunKind kind, std::uint64_t seed) const;
  // InputError if a finished run does not sample as --set says.
  void check_sampling(RunKind kind, const std::filesystem::path& run) const;
  std::filesystem::path shared_vqvae(std::uint64_t seed) const;
  void train_vqvae(std::uint64_t seed) const;
  void train(RunKind kind, std::uint64_t seed) const;
  void check_shared_vqvae(std::uint64_t seed) const;

  TablesOptions options_;
  ShelfCorpus corpus_;
  std::vector<RunKind> kinds_;
  std::array<config::TrainConfig, kRunKinds.size()> configs_;
};

}  // namespace minet::comparison
