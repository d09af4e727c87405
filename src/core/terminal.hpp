// Shared by log and progress, which both write to stderr: whether a progress line is being drawn,
// so that a log line can wipe it first instead of being glued to its end.
#pragma once

#include <atomic>

namespace minet::detail {

inline std::atomic<bool> progress_line_open{false};
inline constexpr char kWipeLine[] = "\r\x1b[K";  // to the line's start, clear to its end

}  // namespace minet::detail
