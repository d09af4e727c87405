// The trainings behind the tables: each made once, and gone on with after an interruption.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "minet/comparison/tables.hpp"
#include "minet/config/train_config.hpp"

namespace minet::comparison {

enum class RunKind { minet, no_mbr, gru_seq2seq, seq2seq, graph_transformer };
inline constexpr std::array<RunKind, 5> kRunKinds{RunKind::minet, RunKind::no_mbr,
                                                  RunKind::gru_seq2seq, RunKind::seq2seq,
                                                  RunKind::graph_transformer};
std::string key_of(RunKind kind);    // "no_mbr", as in file names
std::string title_of(RunKind kind);  // "MI Net without MBR blocks", as in the tables

class RunShelf {
 public:
  // Reads every configuration. InputError lists all that is wrong with them: a file that is not
  // there, a kind that is not the expected one, notes switched off, a GRU-Seq2Seq whose VQ-VAE
  // is not MI Net's.
  explicit RunShelf(const TablesOptions& options);

  // Trains what is not trained yet. The VQ-VAE of gru_seq2seq is MI Net's of the same seed.
  void train_all() const;
  std::filesystem::path folder(RunKind kind, std::uint64_t seed) const;
  const config::TrainConfig& config(RunKind kind) const {
    return configs_[static_cast<std::size_t>(kind)];
  }

 private:
  void train(RunKind kind, std::uint64_t seed) const;

  TablesOptions options_;
  std::array<config::TrainConfig, kRunKinds.size()> configs_;
};

}  // namespace minet::comparison
