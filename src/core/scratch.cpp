#include "minet/core/scratch.hpp"

#include <unistd.h>

#include <cerrno>

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
  constexpr int kMostTries = 100;  // other containers may share folder and process id
  for (int i = 0; i < kMostTries; ++i) {
    folder_ = std::make_unique<detail::HeldFolder>(target, 0700);
    if (folder_->error() != EEXIST) break;
  }
  if (folder_->error() != 0) {
    throw WorkError(text("expected to make a temporary folder in ", shown(temporary_folder()),
                         ", but could not; set TMPDIR to a folder with room"));
  }
}

ScratchFolder::~ScratchFolder() = default;

const std::filesystem::path& ScratchFolder::path() const {
  return folder_->path();
}

}  // namespace minet
