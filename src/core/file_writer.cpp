// Atomic writes of one file; files.hpp describes the order of the steps.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

#include "core/temporaries.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

constexpr std::size_t kBlock = 1 << 18;  // bytes buffered before a write

[[noreturn]] void fail(const std::filesystem::path& target, std::string_view step, int error) {
  throw WorkError(text("cannot save ", printable(target.string()), ": ", step, " failed (",
                       detail::error_text(error), "); nothing was changed there"));
}

std::filesystem::path folder_of(const std::filesystem::path& target) {
  const auto folder = target.parent_path();
  return folder.empty() ? std::filesystem::path(".") : folder;
}

void check_target(const std::filesystem::path& target) {
  const std::string name = printable(target.string());
  if (target.filename().empty()) {
    throw InputError(text("expected the name of a file to write, got \"", name, "\""));
  }
  detail::check_name_length(target);
  refuse_overwrite(target, true);
  std::error_code error;
  if (std::filesystem::is_directory(target, error)) {
    throw InputError(
        text(name, " is a folder, so it cannot be replaced by a file; choose another name"));
  }
  if (!std::filesystem::is_directory(folder_of(target), error)) {
    throw InputError(text("the folder of ", name, " does not exist; make it first"));
  }
}

// Renames to the final name; replaces an existing file only if `replace` is set.
void publish(FileOps& ops, const std::filesystem::path& from, const std::filesystem::path& target,
             bool replace) {
  const int error = replace ? ops.rename(from, target) : ops.rename_new(from, target);
  if (error == -EEXIST) {
    throw InputError(text(printable(target.string()),
                          " appeared while it was being made, so it was left as it is; choose "
                          "another name or the option 'force'"));
  }
  if (error != 0) fail(target, "renaming", -error);
}

}  // namespace

struct FileWriter::State {
  std::filesystem::path target;
  SaveOptions options;
  FileOps* ops = nullptr;
  std::filesystem::path temporary;
  int fd = -1;
  std::string gathered;
  bool exists = false;  // the temporary is on the disk

  // Never leaves a temporary behind. Errors here are ignored: they would only hide the first one.
  void abandon() noexcept {
    if (fd >= 0) ops->close(std::exchange(fd, -1));
    if (std::exchange(exists, false)) ops->remove(temporary);
    detail::forget_temporary(temporary);
  }

  void fail_at(std::string_view step, int error) {
    abandon();
    fail(target, step, error);
  }

  void put(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::ptrdiff_t written = ops->write(fd, bytes.data(), bytes.size());
      if (written == -EINTR) continue;
      if (written <= 0) fail_at("writing", written == 0 ? EIO : static_cast<int>(-written));
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  // Keeps the old file under its second name. The target exists at every moment.
  void keep_previous() {
    const auto previous = previous_path(target);
    const auto link = detail::new_file_temporary(previous);
    const int linked = ops->link(target, link);
    if (linked == -ENOENT) {
      detail::forget_temporary(link);
      return;
    }
    if (linked == -EPERM || linked == -EOPNOTSUPP || linked == -EMLINK) {  // no hard links here
      detail::forget_temporary(link);
      copy_to(previous);
      return;
    }
    const int renamed = linked == 0 ? ops->rename(link, previous) : 0;
    if (linked == 0)
      ops->remove(link);  // also after success: renaming a file onto itself is a no-op
    detail::forget_temporary(link);
    if (linked != 0) fail_at("keeping the previous file", -linked);
    if (renamed != 0) fail_at("keeping the previous file", -renamed);
  }

  void copy_to(const std::filesystem::path& previous) {
    std::ifstream old(target, std::ios::binary);
    if (!old) return;
    FileWriter copy(previous, {.ops = ops});
    std::vector<char> block(kBlock);
    while (old.read(block.data(), static_cast<std::streamsize>(block.size())) || old.gcount() > 0) {
      copy.write(std::string_view(block.data(), static_cast<std::size_t>(old.gcount())));
    }
    if (old.bad()) fail_at("reading the previous file", EIO);
    copy.commit();
  }
};

FileWriter::FileWriter(std::filesystem::path target, SaveOptions options)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  check_target(target);
  state.target = std::move(target);
  state.options = options;
  state.ops = options.ops != nullptr ? options.ops : &FileOps::system();
  const std::uint64_t wanted = options.expected_bytes + options.expected_bytes / 10;
  const std::uint64_t free =
      options.expected_bytes > 0 ? state.ops->free_bytes(folder_of(state.target)) : UINT64_MAX;
  if (free < wanted) {
    throw WorkError(text("saving ", printable(state.target.string()), " needs ", wanted,
                         " bytes, but only ", free,
                         " are free there; free some space and try again"));
  }
  detail::sweep_once(folder_of(state.target));
  state.temporary = detail::new_file_temporary(state.target);
  state.fd = state.ops->open_exclusive(state.temporary);
  if (state.fd < 0) {
    const int error = -state.fd;
    state.fd = -1;
    state.fail_at("making a file beside it", error);
  }
  state.exists = true;
  detail::hold_temporary(state.fd);
}

FileWriter::~FileWriter() {
  if (state_->fd >= 0 || state_->exists) state_->abandon();
}

void FileWriter::write(std::string_view bytes) {
  State& state = *state_;
  if (state.fd < 0) throw WorkError("a file was written to after it was finished");
  if (state.gathered.size() + bytes.size() < kBlock) {
    state.gathered += bytes;
    return;
  }
  state.put(state.gathered);
  state.gathered.clear();
  if (bytes.size() >= kBlock) {
    state.put(bytes);
  } else {
    state.gathered = bytes;
  }
}

void FileWriter::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void FileWriter::commit() {
  State& state = *state_;
  if (state.fd < 0) throw WorkError("a file was committed twice, or after it had failed");
  state.put(state.gathered);
  state.gathered.clear();
  if (const int error = state.ops->sync(state.fd); error != 0) state.fail_at("syncing", -error);
  if (const int error = state.ops->close(std::exchange(state.fd, -1)); error != 0) {
    state.fail_at("closing", -error);
  }
  if (state.options.keep_previous) state.keep_previous();
  try {
    publish(*state.ops, state.temporary, state.target, state.options.replace);
  } catch (...) {
    state.abandon();
    throw;
  }
  state.exists = false;
  detail::forget_temporary(state.temporary);
  if (const int error = state.ops->sync_folder(folder_of(state.target)); error != 0) {
    throw WorkError(text(printable(state.target.string()),
                         " is written, but its folder could not be ", "synced (",
                         detail::error_text(-error), "), so it may not outlive a ", "power cut"));
  }
}

void save_file(const std::filesystem::path& target, std::string_view text, SaveOptions options) {
  if (options.expected_bytes == 0) options.expected_bytes = text.size();
  FileWriter writer(target, options);
  writer.write(text);
  writer.commit();
}

void save_file(const std::filesystem::path& target, std::span<const std::byte> bytes,
               SaveOptions options) {
  save_file(target, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
            options);
}

void save_file_by(const std::filesystem::path& target,
                  const std::function<void(const std::filesystem::path&)>& write, bool replace) {
  check_target(target);
  // Accessible to us only, so nobody can plant a link where the other program writes.
  const detail::HeldFolder folder(target, 0700);
  if (folder.error() != 0) fail(target, "making a folder beside it", folder.error());
  const auto written = folder.path() / target.filename();
  write(written);
  FileOps& ops = FileOps::system();
  const int fd = ::open(written.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) fail(target, "writing", errno);
  const int synced = ops.sync(fd), closed = ops.close(fd);
  if (synced != 0) fail(target, "syncing", -synced);
  if (closed != 0) fail(target, "closing", -closed);
  publish(ops, written, target, replace);
  ops.sync_folder(folder_of(target));
}

std::filesystem::path previous_path(const std::filesystem::path& target) {
  return target.parent_path() / (target.stem().string() + ".prev" + target.extension().string());
}

}  // namespace minet
