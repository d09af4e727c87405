// mi_train --nproc: this program again, once for each rank.
#pragma once

#include <string>
#include <vector>

namespace minet::app {

struct LaunchOptions {
  int ranks = 2;
  int restarts = 0;        // how often all of them are started again after one was lost
  std::string go_on = {};  // what the user can do then
};

// Waits for them; the exit code of the first that failed. WorkError: a rank was killed.
int launch_ranks(const std::vector<std::string>& arguments, const LaunchOptions& options);

}  // namespace minet::app
