// Where the five networks of MediaPipe 0.10.21 are (Apache-2.0), which scripts/setup.sh fetches.
#pragma once

#include <filesystem>
#include <optional>

namespace minet::vision {

// The first folder that there is of: $MINET_NETWORKS; then share/minet/vision and
// .venv/share/minet/vision beside the program's folder or one of those above it.
std::optional<std::filesystem::path> find_networks();

// The same, or an InputError that says how to get them.
std::filesystem::path networks_folder();

}  // namespace minet::vision
