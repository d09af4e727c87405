// Additions to app_main.hpp for programs with LibTorch: one-sentence messages for its exceptions,
// threads, and a quick exit.
#pragma once

#include <c10/util/Exception.h>

#include <cstdio>
#include <cstdlib>

#include "app_main.hpp"
#include "minet/generation/sampling_options.hpp"

namespace minet::app {

// Only the first line of the message: what() would add a backtrace of thousands of characters.
inline std::optional<std::string> read_torch_error(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  if (torch_error == nullptr) return std::nullopt;
  const std::string message = torch_error->what_without_backtrace();
  for (const char* mark : {"can't allocate memory", "not enough memory", "out of memory"}) {
    if (message.find(mark) != std::string::npos) return kNoMemory;
  }
  return text("LibTorch failed: ", message.substr(0, message.find('\n')));
}

// Exits at once: minet's own work is done and written, and LibTorch's teardown would take a tenth
// of a short run. It does run with sanitizers, which look for leaks at exit, and for coverage,
// whose counts are written at exit.
inline int leave(int exit_code) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(MINET_COVERAGE)
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  std::_Exit(exit_code);
#endif
  return exit_code;
}

struct ComputeOptions {
  std::string device = "auto";
  int threads = 0;
};

inline void add_compute_options(CLI::App& app, std::string& device, int& threads) {
  app.add_option("--device", device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("--threads", threads, "Threads for LibTorch; 0: its default")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
}

inline void add_sampling_options(CLI::App& app, generation::SamplingChoice& sampling) {
  app.add_option("--temperature", sampling.temperature,
                 "Sampling temperature: below 1 steadier, above 1 more varied, 0 always the most "
                 "likely symbol; this and the next two default to the model's config.yaml");
  app.add_option("--top-k", sampling.top_k, "Sample from the K most likely symbols; 0: all");
  app.add_option("--top-p", sampling.top_p,
                 "Sample from the fewest symbols that together have this probability");
}

}  // namespace minet::app
