// Error handling before main() and outside run(): a message and exit code 1 when out of memory.
#pragma once

namespace minet::app {

inline constexpr const char* kNoMemory =
    "there is not enough memory; free some, or raise the limit that this process runs under";

// Restores the default handling of crashes; before, while libraries initialise, a crash is reported
// as a lack of memory.
void started();

}  // namespace minet::app
