#include "minet/vision/networks.hpp"

#include <cstdlib>
#include <system_error>

#include "minet/core/errors.hpp"

namespace minet::vision {
namespace fs = std::filesystem;

std::optional<fs::path> find_networks() {
  std::error_code ignored;
  if (const char* const named = std::getenv("MINET_NETWORKS"); named != nullptr && *named != '\0') {
    return fs::is_directory(named, ignored) ? std::optional<fs::path>(named) : std::nullopt;
  }
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (fs::path folder = program.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    for (const char* place : {"share/minet/vision", ".venv/share/minet/vision"}) {
      if (fs::is_directory(folder / place, ignored)) return folder / place;
    }
    if (folder == folder.parent_path()) break;
  }
  return std::nullopt;
}

fs::path networks_folder() {
  const auto found = find_networks();
  if (found) return *found;
  throw InputError(
      "expected the networks that find a body in an image, found no folder share/minet/vision "
      "near the program; run scripts/setup.sh, or name their folder in MINET_NETWORKS");
}

}  // namespace minet::vision
