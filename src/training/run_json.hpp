// A run folder's run.json as it was written.
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

}  // namespace minet::training
