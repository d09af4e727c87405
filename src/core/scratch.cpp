#include "minet/core/scratch.hpp"

#include <stdlib.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "core/temporaries.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/words.hpp"

namespace minet {

ScratchFolder::ScratchFolder() {
  std::string name = (temporary_folder() / "minet-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw WorkError(text("cannot make a temporary folder in ", shown(temporary_folder()), ": ",
                         detail::error_text(errno)));
  }
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace minet
