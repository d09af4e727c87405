// The trainings behind the tables: each made once, gone on with after an interruption, or taken
// over from where it was made.
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
bool needs_notes(RunKind kind);      // to be trained

struct ShelfCorpus {
  std::string hash;
  bool notes = true;  // false: no run that needs notes
};

class RunShelf {
 public:
  // Reads every configuration and looks at the existing runs. InputError lists all that is
  // wrong: a file that is not there, a kind that is not the expected one, another VQ-VAE where one
  // is shared, a run of another configuration or corpus, a missing run if none may be trained.
  RunShelf(const TablesOptions& options, const ShelfCorpus& corpus);

  // Trains what is not trained yet.
  void train_all() const;
  // Those that the options ask for and the corpus can train.
  const std::vector<RunKind>& kinds() const { return kinds_; }
  std::filesystem::path folder(RunKind kind, std::uint64_t seed) const;
  // Of the stage that the kind is measured after.
  const config::StageConfig& budget(RunKind kind) const;
  // Hash of the corpus that a finished run was trained on; empty: not known.
  std::string corpus_of(RunKind kind, std::uint64_t seed) const;
  const config::TrainConfig& config(RunKind kind) const {
    return configs_[static_cast<std::size_t>(kind)];
  }

 private:
  enum class State { absent, begun, finished };
  void read_configs(std::vector<std::string>& problems);
  void check_runs(std::vector<std::string>& problems) const;
  // InputError where the folder holds something else than this run.
  State state_of(RunKind kind, std::uint64_t seed) const;
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
