#include "minet/core/scratch.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/temporaries.hpp"
#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet {

// Newly made with mode 0700, the folder belongs to our user and no other can look into it.
ScratchFolder::ScratchFolder(std::string_view purpose) {
  const std::filesystem::path target =
      temporary_folder() / text("minet-", purpose, "-", ::geteuid());
  detail::sweep_folders_of(target);
  constexpr int kMostTries = 100;  // other containers may share folder and process id
  bool made = false;
  for (int i = 0; i < kMostTries && !made; ++i) {
    if (i > 0) detail::forget_temporary(path_);
    path_ = detail::new_folder_temporary(target);
    made = ::mkdir(path_.c_str(), 0700) == 0;
    if (!made && errno != EEXIST) break;
  }
  if (!made) {
    detail::forget_temporary(path_);
    throw WorkError(text("expected to make a temporary folder in ", shown(temporary_folder()),
                         ", but could not; set TMPDIR to a folder with room"));
  }
  held_ = detail::hold_folder(path_);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  if (held_ >= 0) ::close(held_);
  detail::forget_temporary(path_);
}

}  // namespace minet
