// mi_train --nproc: runs this program again, once for each rank.
#pragma once

#include <string>
#include <vector>

namespace minet::app {

struct LaunchOptions {
  int ranks = 2;
  int restarts = 0;        // how often to restart all ranks after one was lost
  std::string go_on = {};  // advice for the user in that case
};

// Waits for the ranks; returns the exit code of the first that failed. WorkError: one was killed.
int launch_ranks(const std::vector<std::string>& arguments, const LaunchOptions& options);

}  // namespace minet::app
