// The folder of a training run.
//
//   config.yaml                  resolved, loadable as it is
//   run.json                     argv, seed, versions, threads, device, processor, corpus and its
//                                hash, the run whose weights it began with
//   checkpoint.safetensors       all that going on needs, weights included: one rename publishes it
//   checkpoint.prev.safetensors  the one before
//   model.safetensors            the weights alone, derived from the checkpoint, for generating
//   metrics.jsonl                one JSON object a logged step (docs/training.md)
//   controls/                    of plus: what its tracks are played with (can be made again)
//   codes/                       each track's codes, between the stages (can be made again)
//   tensorboard/                 event files
//   log.txt                      what was said
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "minet/core/files.hpp"

namespace minet::training {

// baseline: the only one of the baselines; synthesiser and controls: those of plus.
enum class Stage { all, vqvae, prior, baseline, synthesiser, controls };
std::string to_string(Stage stage);
Stage parse_stage(const std::string& name);  // InputError

// What a run was started with, so that it can go on without being told again.
struct RunSettings {
  std::filesystem::path corpus, init_from;
  Stage freeze = Stage::all;
  std::string device;
  int threads = 0;
};
// InputError: no run there.
RunSettings read_run_settings(const std::filesystem::path& run);

class RunFolder {
 public:
  // New run: InputError if the folder exists and holds anything. Otherwise an existing one: with
  // nothing to go on from, a fresh start. Holds the folder's lock while it lives.
  RunFolder(std::filesystem::path root, bool resume);
  // What rank 0 made and locks, for the others.
  static RunFolder of_first(std::filesystem::path root);
  // The same refusals without making or locking anything.
  static void check(const std::filesystem::path& root, bool resume);

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path config() const { return root_ / "config.yaml"; }
  std::filesystem::path run_json() const { return root_ / "run.json"; }
  std::filesystem::path checkpoint() const { return root_ / "checkpoint.safetensors"; }
  std::filesystem::path model() const { return root_ / "model.safetensors"; }
  std::filesystem::path metrics() const { return root_ / "metrics.jsonl"; }
  std::filesystem::path controls() const { return root_ / "controls"; }
  std::filesystem::path codes() const { return root_ / "codes"; }
  std::filesystem::path tensorboard() const { return root_ / "tensorboard"; }
  std::filesystem::path log() const { return root_ / "log.txt"; }

  bool has_checkpoint() const;

 private:
  RunFolder() = default;
  std::filesystem::path root_;
  std::unique_ptr<FolderLock> lock_;
};

// Drops the lines of metrics.jsonl past (stage, step), and a torn last line.
void truncate_metrics(const std::filesystem::path& path, Stage stage, std::int64_t step);

// Appends lines; best effort: a full disk warns once and never stops a run.
class MetricsLog {
 public:
  explicit MetricsLog(const std::filesystem::path& path);
  void append(const std::string& json_object);

 private:
  std::ofstream stream_;
  bool warned_ = false;
};

}  // namespace minet::training
