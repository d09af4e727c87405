#include "minet/core/words.hpp"

#include <algorithm>

namespace minet {

std::string listed(std::vector<std::string> names, std::size_t most) {
  const std::size_t more = names.size() - std::min(names.size(), most);
  names.resize(names.size() - more);
  return join(names, ", ") + (more > 0 ? text(" and ", more, " more") : "");
}

std::string shown(const std::filesystem::path& path) {
  return printable(path.string());
}

}  // namespace minet
