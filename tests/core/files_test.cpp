// Files that appear whole or not at all: every system call of a save fails in turn.
#include "minet/core/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "minet/core/errors.hpp"
#include "support/temp_folder.hpp"

using namespace minet;
using minet::slurp;
using minet::spill;
using minet::TempFolder;

namespace {

// System calls of which number `at` (from 1) fails: it alone, or with all later ones. Removing
// never fails here: it is how a failed save cleans up, and has its own test.
class FailingOps : public FileOps {
 public:
  FailingOps(int at, int error, bool for_good) : at_(at), error_(error), for_good_(for_good) {}
  bool reached() const { return count_ >= at_; }

  int open_exclusive(const std::filesystem::path& path) override {
    return fails() ? -error_ : FileOps::open_exclusive(path);
  }
  std::ptrdiff_t write(int fd, const void* data, std::size_t size) override {
    if (fails()) return -error_;
    return FileOps::write(fd, data, std::min<std::size_t>(size, 100000));  // short writes as well
  }
  int sync(int fd) override {
    ++syncs;
    return fails() ? -error_ : FileOps::sync(fd);
  }
  int close(int fd) override {
    const int result = FileOps::close(fd);  // closed even if an error is reported
    return fails() ? -error_ : result;
  }
  int link(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return fails() ? -error_ : FileOps::link(from, to);
  }
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return fails() ? -error_ : FileOps::rename(from, to);
  }
  int rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return fails() ? -error_ : FileOps::rename_new(from, to);
  }
  int sync_folder(const std::filesystem::path& folder) override {
    return fails() ? -error_ : FileOps::sync_folder(folder);
  }
  int syncs = 0;

 private:
  bool fails() {
    ++count_;
    return count_ == at_ || (for_good_ && count_ > at_);
  }
  int at_;
  int error_;
  bool for_good_;
  int count_ = 0;
};

std::string content(char letter) {
  return std::string(600000, letter) + letter + "end";
}

}  // namespace

TEST(SaveFile, ReplacesWhole) {
  TempFolder folder;
  save_file(folder / "a.bin", content('1'));
  save_file(folder / "a.bin", content('2'));
  EXPECT_EQ(slurp(folder / "a.bin"), content('2'));
  save_file(folder / "empty", std::string_view());
  EXPECT_EQ(slurp(folder / "empty"), "");
  EXPECT_EQ(folder.names(), (std::set<std::string>{"a.bin", "empty"}));
}

TEST(SaveFile, KeepsThePreviousOne) {
  TempFolder folder;
  const auto target = folder / "model.safetensors";
  for (const char letter : {'1', '2', '3'}) {
    save_file(target, content(letter), {.keep_previous = true});
  }
  EXPECT_EQ(slurp(target), content('3'));
  EXPECT_EQ(slurp(previous_path(target)), content('2'));
  EXPECT_EQ(previous_path("a/model.safetensors"), "a/model.prev.safetensors");
  EXPECT_EQ(previous_path("log"), "log.prev");
  EXPECT_EQ(folder.names(), (std::set<std::string>{"model.safetensors", "model.prev.safetensors"}));
}

TEST(SaveFile, SurvivesAFaultAtEveryCall) {
  int faults = 0;
  for (const int error : {ENOSPC, EIO, EDQUOT}) {
    for (const bool for_good : {false, true}) {
      for (const bool keep : {false, true}) {
        for (int at = 1;; ++at) {
          TempFolder folder;
          const auto target = folder / "a.bin";
          save_file(target, content('0'));
          save_file(target, content('1'), {.keep_previous = keep});
          FailingOps ops(at, error, for_good);
          bool failed = false;
          try {
            save_file(target, content('2'), {.keep_previous = keep, .ops = &ops});
          } catch (const WorkError& caught) {
            failed = true;
            EXPECT_NE(std::string(caught.what()).find("a.bin"), std::string::npos);
          }
          ASSERT_LE(ops.syncs, 1) << "a failed fsync must not be retried";
          const std::string now = slurp(target);
          if (!ops.reached()) {
            EXPECT_FALSE(failed);
            EXPECT_EQ(now, content('2'));
            break;
          }
          ++faults;
          ASSERT_TRUE(failed) << "call " << at;
          ASSERT_TRUE(now == content('1') || now == content('2')) << "call " << at;
          if (keep) {
            const std::string kept = slurp(previous_path(target));
            ASSERT_TRUE(kept == content('0') || kept == content('1')) << "call " << at;
          }
          ASSERT_EQ(folder.names().size(), keep ? 2u : 1u) << "call " << at;
          save_file(target, content('3'));  // and the next save works
          ASSERT_EQ(slurp(target), content('3'));
        }
      }
    }
  }
  EXPECT_GT(faults, 100);
  RecordProperty("faults", faults);
}

TEST(SaveFile, GoesOnAfterAnInterruptedWrite) {
  TempFolder folder;
  for (int at = 2; at < 6; ++at) {
    FailingOps ops(at, EINTR, false);
    save_file(folder / "a.bin", content('1'), {.ops = &ops});
    EXPECT_EQ(slurp(folder / "a.bin"), content('1'));
  }
}

TEST(SaveFile, CopiesThePreviousOneWhereThereAreNoHardLinks) {
  struct NoLinks : FileOps {
    int link(const std::filesystem::path&, const std::filesystem::path&) override { return -EPERM; }
  } ops;
  TempFolder folder;
  save_file(folder / "a.bin", content('1'));
  save_file(folder / "a.bin", content('2'), {.keep_previous = true, .ops = &ops});
  EXPECT_EQ(slurp(folder / "a.bin"), content('2'));
  EXPECT_EQ(slurp(folder / "a.prev.bin"), content('1'));
  EXPECT_EQ(folder.names().size(), 2u);
}

TEST(SaveFile, AsksForFreeSpaceFirst) {
  struct Full : FileOps {
    std::uint64_t free_bytes(const std::filesystem::path&) override { return 1000; }
    int open_exclusive(const std::filesystem::path&) override {
      ADD_FAILURE() << "opened";
      return -EIO;
    }
  } ops;
  TempFolder folder;
  EXPECT_THROW(save_file(folder / "a", content('1'), {.ops = &ops}), WorkError);
  EXPECT_THROW(FileWriter(folder / "a", {.expected_bytes = 950, .ops = &ops}), WorkError);
  EXPECT_TRUE(folder.names().empty());
}

TEST(SaveFile, ATemporaryThatCouldNotBeRemovedIsStale) {
  struct Stubborn : FailingOps {
    Stubborn() : FailingOps(2, ENOSPC, false) {}
    int remove(const std::filesystem::path&) override { return -EIO; }
  } ops;
  TempFolder folder;
  EXPECT_THROW(save_file(folder / "a", "text", {.ops = &ops}), WorkError);
  EXPECT_EQ(folder.names().size(), 1u);
  remove_stale_temporaries(folder.path());
  EXPECT_TRUE(folder.names().empty());
}

TEST(SaveFile, AFileSizeLimitIsAnOrdinaryError) {
  TempFolder folder;
  save_file(folder / "a", "old");
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      save_file(folder / "a", content('1'));
    } catch (const WorkError&) {
      _exit(42);
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 42);
  EXPECT_EQ(slurp(folder / "a"), "old");
  EXPECT_EQ(folder.names().size(), 1u);
}

TEST(SaveFile, RefusesWhatIsNoFileName) {
  TempFolder folder;
  std::filesystem::create_directory(folder / "sub");
  EXPECT_THROW(save_file(folder / "sub", "x"), InputError);
  EXPECT_THROW(save_file(folder / "missing/a", "x"), InputError);
  EXPECT_THROW(save_file(folder.path() / "", "x"), InputError);
  EXPECT_THROW(save_file("/dev/full", "x"), InputError);
}

TEST(SaveFile, NeverReplacesALinkADeviceOrAPipe) {
  TempFolder folder;
  spill(folder / "target", "kept");
  std::filesystem::create_directory(folder / "sub");
  std::filesystem::create_symlink(folder / "target", folder / "link");
  std::filesystem::create_symlink(folder / "nowhere", folder / "dangling");
  std::filesystem::create_symlink(folder / "sub", folder / "link to folder");
  std::filesystem::create_symlink("/proc/self/fd/1", folder / "output");
  mkfifo((folder / "pipe").c_str(), 0600);
  const auto before = folder.names();
  for (const char* name : {"link", "dangling", "link to folder", "output", "pipe"}) {
    const auto path = folder / name;
    EXPECT_THROW(save_file(path, "x"), InputError) << name;
    EXPECT_THROW(save_file_by(path, [](const std::filesystem::path& into) { spill(into, "x"); }),
                 InputError)
        << name;
    EXPECT_THROW(FolderWriter(path, true), InputError) << name;
    EXPECT_THROW(refuse_overwrite(path, true), InputError) << name;
  }
  EXPECT_THROW(save_file("/dev/stdout", "x"), InputError);
  EXPECT_THROW(save_file("/dev/null", "x"), InputError);
  EXPECT_TRUE(std::filesystem::is_symlink("/dev/stdout"));
  EXPECT_EQ(folder.names(), before);
  EXPECT_EQ(slurp(folder / "target"), "kept");
}

TEST(SaveFile, OfTwoNewFilesOfOneNameTheFirstStays) {
  TempFolder folder;
  FileWriter first(folder / "a", {.replace = false}), second(folder / "a", {.replace = false});
  first.write("first");
  second.write("second");
  first.commit();
  EXPECT_THROW(second.commit(), InputError);
  EXPECT_EQ(slurp(folder / "a"), "first");
  const auto late = [&](const std::filesystem::path& into) { spill(into, "late"); };
  EXPECT_THROW(save_file_by(folder / "a", late, false), InputError);
  EXPECT_EQ(slurp(folder / "a"), "first");
  EXPECT_EQ(folder.names().size(), 1u);
}

TEST(FileWriter, LeavesNothingWithoutCommit) {
  TempFolder folder;
  spill(folder / "a", "old");
  {
    FileWriter writer(folder / "a");
    writer.write(content('1'));
    EXPECT_EQ(folder.names().size(), 2u);
  }
  EXPECT_EQ(slurp(folder / "a"), "old");
  EXPECT_EQ(folder.names().size(), 1u);
}

TEST(FileWriter, JoinsPiecesOfAnySize) {
  TempFolder folder;
  std::string all;
  FileWriter writer(folder / "a");
  for (const std::size_t size : {0, 1, 100000, 262143, 1, 262144, 700000, 3}) {
    const std::string piece(size, static_cast<char>('a' + all.size() % 26));
    writer.write(std::as_bytes(std::span(piece)));
    all += piece;
  }
  writer.commit();
  EXPECT_EQ(slurp(folder / "a"), all);
  EXPECT_THROW(writer.write("more"), WorkError);
  EXPECT_THROW(writer.commit(), WorkError);
}

TEST(FolderWriter, AppearsOnlyAtCommit) {
  TempFolder folder;
  {
    FolderWriter writer(folder / "out/");
    spill(writer.path() / "a", "1");
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  }
  EXPECT_TRUE(folder.names().empty());
  FolderWriter writer(folder / "out");
  std::filesystem::create_directory(writer.path() / "sub");
  spill(writer.path() / "sub" / "a", "1");
  writer.commit();
  EXPECT_EQ(slurp(folder / "out/sub/a"), "1");
  EXPECT_EQ(folder.names().size(), 1u);
}

TEST(FolderWriter, ReplacesOnlyWhenTold) {
  TempFolder folder;
  std::filesystem::create_directory(folder / "out");
  spill(folder / "out/old", "1");
  EXPECT_THROW(FolderWriter(folder / "out"), InputError);
  FolderWriter writer(folder / "out", true);
  spill(writer.path() / "new", "2");
  EXPECT_EQ(slurp(folder / "out/old"), "1");
  writer.commit();
  EXPECT_EQ(slurp(folder / "out/new"), "2");
  EXPECT_FALSE(std::filesystem::exists(folder / "out/old"));
  EXPECT_EQ(folder.names().size(), 1u);
}

TEST(FolderWriter, RefusesBadTargets) {
  TempFolder folder;
  spill(folder / "file", "1");
  EXPECT_THROW(FolderWriter(folder / "file", true), InputError);
  EXPECT_THROW(FolderWriter(folder / "missing/out"), InputError);
  EXPECT_THROW(FolderWriter("", true), InputError);
  EXPECT_THROW(FolderWriter("/", true), InputError);
  EXPECT_THROW(FolderWriter(std::filesystem::current_path(), true), InputError);
  EXPECT_THROW(FolderWriter(std::filesystem::current_path().parent_path(), true), InputError);
  FolderWriter late(folder / "late");
  std::filesystem::create_directory(folder / "late");
  EXPECT_THROW(late.commit(), InputError);
}

TEST(Temporaries, OnlyThoseOfDeadProcessesGo) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  TempFolder folder;
  const std::string gone = std::to_string(dead);
  spill(folder / (".a.bin." + gone + "-3.partial"), "x");
  std::filesystem::create_directory(folder / ("out.partial-" + gone + "-1"));
  spill(folder / ("out.partial-" + gone + "-1/a"), "x");
  std::set<std::string> stays;
  for (const std::string& name :
       {std::string(".a.bin.1-1.partial"), std::string("a.partial"), std::string(".a.partial"),
        std::string("out.partial-1-1"), std::string("out.partial-"), "notes." + gone + "-3.partial",
        ".a." + gone + ".partial", ".a." + gone + "-.partial"}) {
    spill(folder / name, "x");
    stays.insert(name);
  }
  FileWriter ours(folder / "ours");
  remove_stale_temporaries(folder.path());
  auto left = folder.names();
  EXPECT_EQ(left.size(), stays.size() + 1);
  for (const auto& name : stays) EXPECT_TRUE(left.contains(name)) << name;
  remove_stale_temporaries(folder / "missing");
}

TEST(Temporaries, ThoseThatSomebodyHoldsStay) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  TempFolder folder;
  const std::string tag = std::to_string(dead) + "-1";
  // As if left by a process in another container, whose id means nothing here.
  spill(folder / (".a." + tag + ".partial"), "x");
  std::filesystem::create_directory(folder / ("a.partial-" + tag));
  const int file = ::open((folder / (".a." + tag + ".partial")).c_str(), O_RDONLY);
  const int held = ::open((folder / ("a.partial-" + tag)).c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(flock(file, LOCK_EX), 0);
  ASSERT_EQ(flock(held, LOCK_EX), 0);
  remove_stale_temporaries(folder.path());
  EXPECT_EQ(folder.names().size(), 2u);
  ::close(file);
  ::close(held);
  remove_stale_temporaries(folder.path());
  EXPECT_TRUE(folder.names().empty());
}

TEST(Temporaries, TheNextFileInAFolderSweepsThem) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  waitpid(dead, nullptr, 0);
  TempFolder folder;
  const std::string tag = std::to_string(dead) + "-1";
  spill(folder / (".other." + tag + ".partial"), "x");
  std::filesystem::create_directory(folder / ("other.partial-" + tag));  // of a different target
  std::filesystem::create_directory(folder / ("film.mp4.partial-" + tag));
  save_file(folder / "a", "1");
  EXPECT_EQ(folder.names(),
            (std::set<std::string>{"a", "other.partial-" + tag, "film.mp4.partial-" + tag}));
  save_file_by(folder / "film.mp4", [](const std::filesystem::path& into) { spill(into, "2"); });
  EXPECT_EQ(folder.names(), (std::set<std::string>{"a", "film.mp4", "other.partial-" + tag}));
}

TEST(SafeChild, TakesPlainNamesOnly) {
  for (const char* good : {"a", "AZPwFCD7eo4", "-x_1.b-2", "a..b", "01_Jupiter_vn.wav"}) {
    EXPECT_EQ(safe_child("/root", good), std::filesystem::path("/root") / good);
  }
  for (const std::string& bad :
       {std::string("../x"), std::string(".x"), std::string("a/b"), std::string(),
        std::string("a\0b", 3), std::string(".."), std::string("."), std::string("/etc"),
        std::string("a b"), std::string("a\\b"), std::string("a\n"), std::string("é"),
        std::string(129, 'a')}) {
    EXPECT_FALSE(is_safe_name(bad)) << bad;
    EXPECT_THROW(safe_child("/root", bad), InputError) << bad;
  }
  EXPECT_TRUE(is_safe_name(std::string(128, 'a')));
}

TEST(RefuseOverwrite, NamesTheWayOut) {
  TempFolder folder;
  refuse_overwrite(folder / "a", false);
  spill(folder / "a", "1");
  refuse_overwrite(folder / "a", true);
  try {
    refuse_overwrite(folder / "a", false);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("'force'"), std::string::npos);
  }
  std::filesystem::create_symlink(folder / "nowhere", folder / "link");
  EXPECT_THROW(refuse_overwrite(folder / "link", false), InputError);
}

TEST(SaveFileBy, WhatAnotherProgramWritesAppearsWholeOrNotAtAll) {
  TempFolder folder;
  const auto target = folder / "clip.mp4";
  save_file_by(target, [&](const std::filesystem::path& into) {
    EXPECT_EQ(into.filename(), "clip.mp4");  // ffmpeg chooses the container by the extension
    EXPECT_NE(into, target);
    spill(into, "one");
    EXPECT_FALSE(std::filesystem::exists(target));
  });
  EXPECT_EQ(slurp(target), "one");
  const auto half = [](const std::filesystem::path& into) {
    spill(into, "half");
    throw WorkError("the program failed");
  };
  EXPECT_THROW(save_file_by(target, half), WorkError);
  EXPECT_THROW(save_file_by(target, [](const std::filesystem::path&) {}), WorkError);
  EXPECT_EQ(slurp(target), "one");
  EXPECT_THROW(save_file_by(folder / "no" / "clip.mp4", half), InputError);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(ReadFile, ReadsWholeWithinItsLimit) {
  TempFolder folder;
  const std::string bytes = content('\0');
  spill(folder / "a", bytes);
  EXPECT_EQ(read_file(folder / "a", bytes.size()), bytes);
  EXPECT_THROW(read_file(folder / "a", bytes.size() - 1), InputError);
  EXPECT_THROW(read_file(folder / "missing", 10), InputError);
  EXPECT_THROW(read_file(folder.path(), 10), InputError);
  spill(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty", 0), "");
  mkfifo((folder / "pipe").c_str(), 0600);
  EXPECT_THROW(read_file(folder / "pipe", 10), InputError);  // without hanging
  EXPECT_THROW(read_file("/proc/self/maps", 10), InputError);
  EXPECT_FALSE(read_file("/proc/self/status", 1 << 20).empty());
}

TEST(FolderLock, AdmitsOneHolder) {
  TempFolder folder;
  {
    FolderLock lock(folder.path());
    try {
      FolderLock second(folder.path());
      ADD_FAILURE() << "two hold it";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(std::to_string(getpid())), std::string::npos);
    }
  }
  FolderLock again(folder.path());
  EXPECT_THROW(FolderLock(folder / "missing"), InputError);
}
