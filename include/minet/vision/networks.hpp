// Finds the five networks of MediaPipe 0.10.21 (Apache-2.0), which scripts/setup.sh fetches.
#pragma once

#include <filesystem>
#include <optional>

namespace minet::vision {

// $MINET_NETWORKS if it is set; otherwise the first of share/minet/vision and
// .venv/share/minet/vision that exists in the program's folder or one above it.
std::optional<std::filesystem::path> find_networks();

// The same, or an InputError that says how to get them.
std::filesystem::path networks_folder();

}  // namespace minet::vision
