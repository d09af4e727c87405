// Runs tracks on several threads: each index once, in no particular order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace minet::corpus {

struct ParallelOptions {
  std::int64_t count = 0;
  int threads = 0;    // 0: as many as the processor has
  std::string label;  // of the progress line
};

// Calls work(0 .. count-1). The first exception stops the others after their current index and is
// rethrown here; so does a stop signal, as Interrupted.
void for_each_track(const ParallelOptions& options, const std::function<void(std::int64_t)>& work);

}  // namespace minet::corpus
