// The folder of a training run.
//
//   config.yaml                  resolved, can be loaded as it is
//   run.json                     argv, seed, versions, threads, device, processor, corpus and its
//                                hash, the run whose weights it began with
//   checkpoint.safetensors       everything needed to resume, including the weights
//   checkpoint.prev.safetensors  the one before
//   model.safetensors            the weights alone, derived from the checkpoint, for generating
//   metrics.jsonl                one JSON object per logged step (docs/training.md)
//   controls/                    plus only: cached controls of the tracks (can be rebuilt)
//   codes/                       each track's codes, between the stages (can be rebuilt)
//   tensorboard/                 event files
//   log.txt                      log output
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "minet/core/files.hpp"
#include "minet/training/stage.hpp"

namespace minet::training {

// The settings a run was started with, so that it can be resumed without repeating them.
struct RunSettings {
  std::filesystem::path corpus, init_from;
  Stage freeze = Stage::all;
  std::string device;
  int threads = 0;
};
// InputError if there is no run.
RunSettings read_run_settings(const std::filesystem::path& run);

class RunFolder {
 public:
  // New run: InputError if the folder exists and is not empty. With `resume`: an existing run,
  // which starts afresh if it has no checkpoint. Holds the folder's lock during its lifetime.
  RunFolder(std::filesystem::path root, bool resume);
  // The folder that rank 0 has made and locked, for the other ranks.
  static RunFolder of_first(std::filesystem::path root);
  // The same checks without making or locking anything.
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

// Removes the lines of metrics.jsonl after (stage, step), and an incomplete last line.
void truncate_metrics(const std::filesystem::path& path, Stage stage, std::int64_t step);

// Appends lines, best effort: a full disk warns once and never stops a run.
class MetricsLog {
 public:
  explicit MetricsLog(const std::filesystem::path& path);
  void append(const std::string& json_object);

 private:
  std::ofstream stream_;
  bool warned_ = false;
};

}  // namespace minet::training
