// The clock of a live session.
#pragma once

#include <sched.h>
#include <time.h>

#include <chrono>
#include <cmath>
#include <string>

#include "minet/core/text.hpp"

namespace minet::live {

inline double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline std::string milliseconds(double s) {
  return text(std::round(s * 1000), " ms");
}

// Returns early if a signal arrives.
inline void sleep_s(double seconds) {
  if (seconds <= 0) return;
  timespec time{};
  time.tv_sec = static_cast<time_t>(seconds);
  time.tv_nsec = static_cast<long>((seconds - static_cast<double>(time.tv_sec)) * 1e9);
  ::nanosleep(&time, nullptr);
}

// Requests real-time priority, as sound playback needs; false if the system does not permit it
// (`ulimit -r`). For the calling thread and those that it starts; not for other programs.
inline bool ask_for_realtime() {
  sched_param priority{};
  priority.sched_priority = 10;
  return ::sched_setscheduler(0, SCHED_RR, &priority) == 0;
}

// Raises the calling thread above those, if it has real-time priority.
inline void come_first() {
  if (::sched_getscheduler(0) != SCHED_RR) return;
  sched_param priority{};
  priority.sched_priority = 20;
  ::sched_setscheduler(0, SCHED_RR, &priority);
}

// CPU time of all threads of this process.
inline double processor_s() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace minet::live
