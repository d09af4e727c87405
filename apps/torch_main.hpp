// What the programs with LibTorch add to app_main.hpp: its exceptions in one sentence, and threads.
#pragma once

#include <c10/util/Exception.h>

#include "app_main.hpp"

namespace minet::app {

// Only the first line: what() carries a backtrace of thousands of characters.
inline std::optional<std::string> read_torch_error(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  if (torch_error == nullptr) return std::nullopt;
  const std::string message = torch_error->what_without_backtrace();
  return text("LibTorch failed: ", message.substr(0, message.find('\n')));
}

struct ComputeOptions {
  std::string device = "auto";
  int threads = 0;
};

inline void add_compute_options(CLI::App& app, ComputeOptions& options) {
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")
      ->default_str(options.device);
  app.add_option("--threads", options.threads, "Threads for LibTorch; 0: its default")
      ->default_str("0")
      ->check(CLI::Range(0, 1024));
}

}  // namespace minet::app
