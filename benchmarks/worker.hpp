// minet's side of a measure of benchmarks/bench.py: a process that keeps everything warm and does
// the work once for each line that it reads, so that minet and the peer can take turns.
//
// On standard output, one JSON object per line: {"ready": true} when set up; then for each line
// read {"seconds": ..., "peak_mb": ...} and what `describe` adds, or {"error": ...}.
// peers/worker.py is the same in Python.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <exception>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace minet::bench {

using Json = nlohmann::ordered_json;

// `work` is timed, `describe` is not: it reports the work's result, e.g. how near a sound is.
inline int serve(
    const std::function<void()>& work,
    const std::function<Json()>& describe = [] { return Json::object(); }) {
  std::cout << Json{{"ready", true}} << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    Json answer = Json::object();
    try {
      const auto start = std::chrono::steady_clock::now();
      work();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      answer["seconds"] = took.count();
      answer.update(describe());
      rusage usage{};
      getrusage(RUSAGE_SELF, &usage);
      answer["peak_mb"] = static_cast<double>(usage.ru_maxrss) / 1024;
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer << std::endl;
  }
  return 0;
}

}  // namespace minet::bench
