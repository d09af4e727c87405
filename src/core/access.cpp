#include "minet/core/access.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/temporaries.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/words.hpp"

namespace minet {
namespace fs = std::filesystem;

void expect_readable(const fs::path& path) {
  struct stat info {};
  int error = ::stat(path.c_str(), &info) == 0 ? 0 : errno;
  if (error == 0 && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
      ::close(fd);
    } else {
      error = errno;
    }
  }
  if (error == 0) return;
  const std::string why = error == ENOENT ? why_absent(path) : detail::error_text(error);
  const std::string sentence = text("cannot read ", shown(path), ": ", why);
  if (is_own_trouble(error)) throw WorkError(sentence);
  throw InputError(sentence);
}

void expect_writable(const fs::path& target) {
  const FileWriter trial(target);
}

void expect_extension(std::string_view what, const fs::path& path,
                      const std::vector<std::string>& extensions) {
  const std::string found = lower(path.extension().string());
  if (std::find(extensions.begin(), extensions.end(), found) != extensions.end()) return;
  throw InputError(
      text(what, ": expected a name that ends in ", word_list(extensions), ", got ", shown(path)));
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw WorkError(text("cannot make the folder ", shown(folder), ": ", error.message(),
                         "; choose another place or change its permissions"));
  }
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  if (error) {
    throw InputError(text("cannot list the folder ", shown(folder), ": ", error.message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

void refuse_inputs(const fs::path& output, const std::vector<fs::path>& inputs) {
  std::error_code ignored;
  for (const fs::path& input : inputs) {
    if (output.empty() || input.empty() || !fs::equivalent(output, input, ignored)) continue;
    throw InputError(text(shown(output), " is an input and would be overwritten; choose another ",
                          "name for the output"));
  }
}

fs::path temporary_folder() {
  std::error_code error;
  const fs::path folder = fs::temp_directory_path(error);
  if (error) {
    throw WorkError("expected a folder for temporary files in TMPDIR, got none; set TMPDIR to one");
  }
  return folder;
}

}  // namespace minet
