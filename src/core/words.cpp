#include "minet/core/words.hpp"

namespace minet {

std::string shown(const std::filesystem::path& path) {
  return printable(path.string());
}

}  // namespace minet
