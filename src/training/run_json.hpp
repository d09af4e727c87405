// A run folder's run.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "minet/core/files.hpp"

namespace minet::training {

// Empty if the run has none or it holds no JSON object.
inline nlohmann::ordered_json read_run_json(const std::filesystem::path& run) {
  constexpr std::uint64_t kMostBytes = 1 << 20;
  const std::filesystem::path path = run / "run.json";
  if (!std::filesystem::exists(path)) return nlohmann::ordered_json::object();
  auto json = nlohmann::ordered_json::parse(read_file(path, kMostBytes), nullptr, false);
  return json.is_object() ? json : nlohmann::ordered_json::object();
}

inline void save_run_json(const std::filesystem::path& run, const nlohmann::ordered_json& json) {
  // Arguments may not be valid UTF-8: invalid bytes are replaced.
  save_file(run / "run.json",
            json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace minet::training
