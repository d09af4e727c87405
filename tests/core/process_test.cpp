// Processes, signals, log, progress and hashes: everything that touches the system.
#include "minet/core/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "minet/core/errors.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/log.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "support/temp_folder.hpp"

using namespace minet;
using minet::slurp;
using minet::spill;
using minet::TempFolder;

namespace {

ProcessResult shell(const std::string& script, double limit = 20) {
  return run_process({"sh", "-c", script}, limit);
}

}  // namespace

TEST(Sha256, MatchesPublishedDigests) {
  // FIPS 180-2, appendix B, and the empty message.
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  TempFolder folder;
  spill(folder / "a", std::string(1'000'000, 'a'));
  constexpr char kMillion[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
  EXPECT_EQ(sha256_of_file(folder / "a"), kMillion);
  Sha256 pieces;
  for (int i = 0; i < 1000; ++i) pieces.update(std::string(1000, 'a'));
  EXPECT_EQ(pieces.finish(), kMillion);
  EXPECT_THROW(sha256_of_file(folder / "b"), InputError);
  EXPECT_THROW(sha256_of_file(folder.path()), InputError);
}

TEST(RunProcess, TakesArgumentsAsTheyAre) {
  const auto result = run_process({"printf", "%s|", "a b", "$HOME", ";", "", "*"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output, "a b|$HOME|;||*|");
}

TEST(RunProcess, DrainsBothPipesAndKeepsTheErrorsEnd) {
  const auto result = shell(
      "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789;"
      "echo error line $i >&2; i=$((i+1)); done; exit 7");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.output.size(), 3000u * 41);
  EXPECT_LE(result.error_output.size(), 2048u);
  EXPECT_TRUE(result.error_output.ends_with("error line 2999\n"));
}

TEST(RunProcess, ReportsAKilledProgram) {
  EXPECT_EQ(shell("kill -9 $$").exit_code, 137);
  EXPECT_EQ(shell("cat").exit_code, 0);  // no input to wait for
}

TEST(RunProcess, KillsWhatTakesTooLongWithItsChildren) {
  TempFolder folder;
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THROW(shell("(sleep 2; touch " + (folder / "late").string() + ") & sleep 30", 0.2),
               WorkError);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child was not reaped";
  usleep(2'500'000);
  EXPECT_TRUE(folder.names().empty());
}

TEST(RunProcess, DoesNotWaitForADaemonThatHoldsThePipes) {
  const auto began = std::chrono::steady_clock::now();
  const auto result = shell("sleep 30 & echo done");
  EXPECT_EQ(result.output, "done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(RunProcess, HandsOnTheOutputAsItComesAndEndsAProgramThatIsNoLongerWanted) {
  std::string got;
  const auto began = std::chrono::steady_clock::now();
  const ProcessResult result = run_process({"sh", "-c", "echo one; sleep 0.2; echo two; sleep 60"},
                                           30, {}, [&](std::string_view part) {
                                             got += part;
                                             return got.find("two") == std::string::npos;
                                           });
  EXPECT_EQ(got, "one\ntwo\n");
  EXPECT_EQ(result.output, "");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(RunProcess, MissingProgramsAreWorkErrors) {
  EXPECT_THROW(run_process({"no-such-program-here"}), WorkError);
  EXPECT_THROW(run_process({"/"}), WorkError);
  EXPECT_THROW(run_process({}), WorkError);
  EXPECT_THROW(run_process({"echo", std::string("a\0b", 3)}), WorkError);
  TempFolder folder;
  spill(folder / "bad",
        "\x7f"
        "ELF nonsense");
  chmod((folder / "bad").c_str(), 0755);
  EXPECT_THROW(run_process({(folder / "bad").string()}), WorkError);
  EXPECT_EQ(find_program("no-such-program-here"), std::nullopt);
  EXPECT_TRUE(find_program("sh"));
  EXPECT_EQ(find_program((folder / "bad").string()), (folder / "bad").string());
}

TEST(RunProcess, AProgramDoesNotOutliveItsKilledParent) {
  TempFolder folder;
  const auto id = folder / "id";
  const pid_t parent = fork();
  if (parent == 0) {
    shell("echo $$ > " + id.string() + ".new && mv " + id.string() + ".new " + id.string() +
              " && exec sleep 60",
          60);
    _exit(0);
  }
  while (!std::filesystem::exists(id)) usleep(1000);
  const pid_t program = std::stoi(slurp(id));
  EXPECT_EQ(kill(program, 0), 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  // If no process adopts and reaps it, it stays as a zombie.
  const auto lives = [&] {
    const std::string stat = "/proc/" + std::to_string(program) + "/stat";
    return kill(program, 0) == 0 && slurp(stat).find(") Z") == std::string::npos;
  };
  for (int i = 0; i < 2000 && lives(); ++i) usleep(1000);
  EXPECT_FALSE(lives());
}

TEST(RunProcess, LeavesNoDescriptorOpen) {
  const int before = ::open("/dev/null", O_RDONLY);
  ::close(before);
  for (int i = 0; i < 20; ++i) run_process({"true"});
  EXPECT_THROW(run_process({"no-such-program-here"}), WorkError);
  const int after = ::open("/dev/null", O_RDONLY);
  ::close(after);
  EXPECT_EQ(after, before);
}

TEST(SignalsDeathTest, AStopIsSeenAndASecondInterruptEndsAtOnce) {
  EXPECT_EXIT(
      {
        install_stop_handlers();
        throw_if_stopped("stopped at the start");
        raise(SIGTERM);
        try {
          throw_if_stopped("stopped at step 3; go on with --resume");
        } catch (const Interrupted& stop) {
          const bool right = std::string(stop.what()) == "stopped at step 3; go on with --resume";
          _exit(right && stop_signal() == SIGTERM ? stop.exit_code() : 1);
        }
      },
      ::testing::ExitedWithCode(143), "");
  EXPECT_EXIT(
      {
        install_stop_handlers();
        raise(SIGINT);
        if (stop_signal() != SIGINT) _exit(1);
        raise(SIGINT);
        _exit(0);
      },
      ::testing::ExitedWithCode(130), "");
  EXPECT_EXIT(
      {
        install_stop_handlers();
        raise(SIGPIPE);
        raise(SIGXFSZ);
        _exit(stop_signal() == 0 ? 5 : 1);
      },
      ::testing::ExitedWithCode(5), "");
}

TEST(SignalsDeathTest, AStopEndsARunningProgram) {
  EXPECT_EXIT(
      {
        install_stop_handlers();
        signal(SIGALRM, [](int) { raise(SIGTERM); });
        alarm(1);
        try {
          run_process({"sleep", "60"});
        } catch (const Interrupted& stop) {
          _exit(stop.exit_code());
        }
        _exit(0);
      },
      ::testing::ExitedWithCode(143), "");
}

TEST(Log, LevelsSelectLinesAndTheFileGetsThemToo) {
  TempFolder folder;
  ::testing::internal::CaptureStderr();
  log::open_file(folder / "log.txt");
  log::info("first {} %s");
  log::debug("hidden");
  log::set_level(log::Level::warning);
  log::info("hidden");
  log::warning("second");
  log::set_level(log::Level::off);
  log::error("hidden");
  log::set_level(log::Level::info);
  log::close_file();
  log::error("third");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "first {} %s\nwarning: second\nerror: third\n");
  const std::string file = slurp(folder / "log.txt");
  EXPECT_NE(file.find("first {} %s\n"), std::string::npos);
  EXPECT_NE(file.find("second\n"), std::string::npos);
  EXPECT_EQ(file.find("hidden"), std::string::npos);
  EXPECT_EQ(file.find("third"), std::string::npos);
  EXPECT_EQ(log::parse_level("warning"), log::Level::warning);
  EXPECT_FALSE(log::parse_level("loud"));
}

TEST(Log, NoLinkIsFollowedAndNoPipeIsWaitedFor) {
  TempFolder folder;
  spill(folder / "other", "kept");
  std::filesystem::create_symlink(folder / "other", folder / "link.txt");
  mkfifo((folder / "pipe.txt").c_str(), 0600);
  for (const char* name : {"link.txt", "pipe.txt"}) {
    log::open_file(folder / name);
    log::warning("a line");
    log::close_file();
  }
  EXPECT_EQ(slurp(folder / "other"), "kept");
}

TEST(Log, AFullDiskDoesNotStopTheWork) {
  ::testing::internal::CaptureStderr();
  log::open_file("/dev/full");
  log::info("one");
  log::info("two");
  log::close_file();
  log::open_file("/no/such/folder/log.txt");
  const std::string lines = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(lines.find("one\n"), std::string::npos);
  EXPECT_NE(lines.find("two\n"), std::string::npos);
  EXPECT_NE(lines.find("no log file"), std::string::npos);
}

TEST(Progress, EndsWithOnePlainLineOutsideATerminal) {
  ::testing::internal::CaptureStderr();
  Progress progress("tracks", 10, "tracks", 4);
  for (int i = 5; i <= 10; ++i) progress.update(i, "note");
  progress.finish();
  progress.finish();
  const std::string lines = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(lines.starts_with("tracks 10/10 tracks, ")) << lines;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
  EXPECT_EQ(lines.find('\r'), std::string::npos);
  Progress::set_quiet(true);
  ::testing::internal::CaptureStderr();
  Progress silent("x", 1, "y");
  silent.update(1);
  silent.finish();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  Progress::set_quiet(false);
}
