// Progress on stderr: on a terminal one line with rate and remaining time, redrawn; otherwise plain
// lines every few seconds; nothing if quiet.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace minet {

class Progress {
 public:
  // `unit`: "steps", "tracks". `start`: units already done when work is resumed.
  Progress(std::string label, std::int64_t total, std::string unit, std::int64_t start = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // Cheap: redraws at most 5 times a second.
  void update(std::int64_t done, std::string_view note = {});
  void finish();

  static void set_quiet(bool quiet);

 private:
  void draw(bool last);
  std::string label_, unit_, note_;
  std::int64_t total_, start_, done_;
  std::chrono::steady_clock::time_point began_, drawn_;
  bool terminal_, finished_ = false;
};

}  // namespace minet
