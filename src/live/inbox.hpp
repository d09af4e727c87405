// What a source hands to the player: of all pictures that arrived only the newest.
#pragma once

#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "minet/pose/picture_line.hpp"

namespace minet::live {

struct Arrival {
  pose::ArrivedPicture picture;
  double arrived_s = 0;  // now_s()
};

struct SourceCounts {
  std::int64_t pictures = 0, bad = 0;
};

// Safe between the thread of a source and the player's.
class Inbox {
 public:
  void put(const pose::ArrivedPicture& picture);
  void put_bad(const std::string& why);
  // No more will come; `failure`: because of this.
  void end(std::exception_ptr failure = nullptr);

  std::optional<Arrival> take();  // the newest, once
  bool ended() const;             // and nothing is left to take, or it failed
  void throw_failure() const;     // why it ended, where it failed
  SourceCounts counts() const;
  std::string take_complaint();  // about the first bad picture since the last call; empty: none

 private:
  mutable std::mutex mutex_;
  std::optional<Arrival> newest_;
  SourceCounts counts_;
  std::string complaint_;
  bool ended_ = false;
  std::exception_ptr failure_;
};

// Bytes as they come, cut into lines, each of them a picture.
class LineCutter {
 public:
  explicit LineCutter(Inbox& inbox) : inbox_(inbox) {}
  void add(std::string_view bytes);
  void finish();  // a last line without its end

 private:
  void line(std::string_view line);
  Inbox& inbox_;
  std::string rest_;
  bool skipping_ = false;  // a line that is too long
};

}  // namespace minet::live
