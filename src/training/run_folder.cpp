#include "minet/training/run_folder.hpp"

#include <sstream>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "training/run_json.hpp"

namespace minet::training {
namespace fs = std::filesystem;

namespace {

bool holds_anything(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() != ".lock") return true;
  }
  return false;
}

// A run writes only into its own folder; a link would lead elsewhere.
void refuse_links(const fs::path& root) {
  for (const char* name :
       {"config.yaml", "run.json", "checkpoint.safetensors", "checkpoint.prev.safetensors",
        "model.safetensors", "metrics.jsonl", "log.txt", "controls", "codes", "tensorboard"}) {
    const fs::path path = root / name;
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path, error);
    if (!fs::exists(status)) continue;
    const bool folder = !path.has_extension();
    if (folder ? fs::is_directory(status) : fs::is_regular_file(status)) continue;
    throw InputError(text(printable(path.string()), ": expected a ", folder ? "folder" : "file",
                          " of the run, got ", fs::is_symlink(status) ? "a link" : "something else",
                          "; put the original in its place, or move it away"));
  }
}

}  // namespace

void RunFolder::check(const fs::path& root, bool resume) {
  if (!fs::exists(root)) return;
  if (!fs::is_directory(root)) {
    throw InputError(
        text(root.string(), ": expected a folder for the run, got a file; choose another folder"));
  }
  refuse_links(root);
  if (!holds_anything(root)) return;
  if (!resume) {
    throw InputError(text(root.string(),
                          ": expected a new folder for the run, but it holds files; resume the "
                          "run in it with the option 'resume', or choose another folder"));
  }
  const auto has = [&](const char* name) { return fs::exists(root / name); };
  if (!has("checkpoint.safetensors") && !has("checkpoint.prev.safetensors") && !has("run.json")) {
    throw InputError(text(root.string(),
                          ": expected a run to resume, but there is no checkpoint.safetensors; "
                          "choose another folder"));
  }
}

RunSettings read_run_settings(const fs::path& run) {
  const fs::path path = run / "run.json";
  if (!fs::exists(path) || !fs::exists(run / "config.yaml")) {
    throw InputError(text(run.string(), ": expected a run to resume, but it has no ",
                          fs::exists(path) ? "config.yaml" : "run.json",
                          "; give the folder of a run that was started"));
  }
  const auto json = read_run_json(run);
  RunSettings settings;
  std::string freeze;
  try {
    settings.corpus = json.at("corpus").get<std::string>();
    settings.init_from = json.value("init_from", std::string());
    freeze = json.value("freeze", std::string());
    settings.device = json.value("device", std::string());
    settings.threads = json.value("threads", 0);
  } catch (const nlohmann::json::exception&) {
    throw InputError(text(path.string(),
                          ": expected the settings that a run was started with, got something ",
                          "else; start a new run"));
  }
  if (!freeze.empty()) settings.freeze = parse_stage(freeze);
  return settings;
}

RunFolder::RunFolder(fs::path root, bool resume) : root_(std::move(root)) {
  check(root_, resume);
  std::error_code error;
  fs::create_directories(root_, error);
  if (error) {
    throw InputError(text(root_.string(), ": the run folder cannot be made (", error.message(),
                          "); choose another folder"));
  }
  lock_ = std::make_unique<FolderLock>(root_);
  remove_stale_temporaries(root_);
}

RunFolder RunFolder::of_first(fs::path root) {
  RunFolder folder;
  folder.root_ = std::move(root);
  return folder;
}

bool RunFolder::has_checkpoint() const {
  return fs::exists(checkpoint()) || fs::exists(previous_path(checkpoint()));
}

void truncate_metrics(const fs::path& path, Stage stage, std::int64_t step) {
  if (!fs::exists(path)) return;
  const std::optional<Stage> next = stage_after(stage);
  std::istringstream lines(read_file(path, std::uint64_t{1} << 32));
  std::string kept, line;
  while (std::getline(lines, line)) {
    const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!entry.is_object() || !entry.contains("stage") || !entry.contains("step")) continue;
    const bool later_stage = next && entry["stage"] == to_string(*next);
    const bool later_step = entry["stage"] == to_string(stage) && entry["step"] > step;
    if (!later_stage && !later_step) kept += line + "\n";
  }
  save_file(path, kept);
}

MetricsLog::MetricsLog(const fs::path& path) : stream_(path, std::ios::app) {}

void MetricsLog::append(const std::string& json_object) {
  stream_ << json_object << '\n' << std::flush;
  if (!stream_ && !warned_) {
    log::warning("metrics.jsonl cannot be written; training continues without it");
    warned_ = true;
  }
}

}  // namespace minet::training
