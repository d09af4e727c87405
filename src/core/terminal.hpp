// Shared by log and progress, which both write to stderr: whether an unfinished progress line is on
// the terminal, which a log line must clear first.
#pragma once

#include <atomic>

namespace minet::detail {

inline std::atomic<bool> progress_line_open{false};
inline constexpr char kWipeLine[] = "\r\x1b[K";  // return to the start of the line and clear it

}  // namespace minet::detail
