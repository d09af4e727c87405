// The thread pool: every index runs once, and errors reach the caller.
#include "corpus/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "minet/core/progress.hpp"

namespace minet::corpus {
namespace {

TEST(ForEachTrack, CallsEveryIndexOnce) {
  Progress::set_quiet(true);
  for (const int threads : {0, 1, 3, 64}) {
    std::vector<std::atomic<int>> calls(50);
    for_each_track({.count = 50, .threads = threads, .label = "test"},
                   [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
  for_each_track({.count = 0, .threads = 4, .label = "test"}, [](std::int64_t) { FAIL(); });
}

TEST(ForEachTrack, AnExceptionEndsTheOnlyThread) {
  Progress::set_quiet(true);
  int calls = 0;
  const auto run = [&] {
    for_each_track({.count = 50, .threads = 1, .label = "test"}, [&](std::int64_t i) {
      ++calls;
      if (i == 5) throw std::runtime_error("track 5");
    });
  };
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_EQ(calls, 6);
}

TEST(ForEachTrack, AnExceptionStopsTheRestAndComesBack) {
  Progress::set_quiet(true);
  std::atomic<int> calls = 0;
  const auto run = [&] {
    for_each_track({.count = 10000, .threads = 4, .label = "test"}, [&](std::int64_t i) {
      ++calls;
      if (i == 5) throw std::runtime_error("track 5");
      // All calls would take seconds, so even a throwing thread that is scheduled late matters.
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
  };
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_LT(calls, 10000);
}

}  // namespace
}  // namespace minet::corpus
