// Passes frames from a source to the player: only the newest that arrived.
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

// Safe to use from a source's thread and the player's.
class Inbox {
 public:
  void put(const pose::ArrivedPicture& picture);
  void put_bad(const std::string& why);
  // Nothing more will come; `failure`: the reason, if it is an error.
  void end(std::exception_ptr failure = nullptr);

  std::optional<Arrival> take();  // the newest, once
  bool ended() const;             // and nothing is left to take, or it failed
  void throw_failure() const;     // throws the failure that ended it, if any
  SourceCounts counts() const;
  std::string take_complaint();  // on the first bad frame since the last call; empty: none

 private:
  mutable std::mutex mutex_;
  std::optional<Arrival> newest_;
  SourceCounts counts_;
  std::string complaint_;
  bool ended_ = false;
  std::exception_ptr failure_;
};

// Cuts incoming bytes into lines, each of them a frame.
class LineCutter {
 public:
  explicit LineCutter(Inbox& inbox) : inbox_(inbox) {}
  void add(std::string_view bytes);
  void finish();  // ends the last line

 private:
  void line(std::string_view line);
  Inbox& inbox_;
  std::string rest_;
  bool skipping_ = false;  // the rest of a line that is too long
};

}  // namespace minet::live
