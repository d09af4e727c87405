#include "minet/core/words.hpp"

#include "minet/core/text.hpp"

namespace minet {

std::string shown(const std::filesystem::path& path) {
  return printable(path.string());
}

}  // namespace minet
