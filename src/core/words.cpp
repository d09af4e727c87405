#include "minet/core/words.hpp"

#include <algorithm>

namespace minet {

std::string word_list(const std::vector<std::string>& words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) list += i + 1 == words.size() ? " or " : ", ";
    list += words[i];
  }
  return list;
}

std::string listed(std::vector<std::string> names, std::size_t most) {
  const std::size_t more = names.size() - std::min(names.size(), most);
  names.resize(names.size() - more);
  return join(names, ", ") + (more > 0 ? text(" and ", more, " more") : "");
}

std::string shown(const std::filesystem::path& path) {
  return printable(path.string());
}

}  // namespace minet
