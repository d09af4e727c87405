// What holds before main() and outside run(): one sentence and exit code 1 when memory is short.
#pragma once

namespace minet::app {

inline constexpr const char* kNoMemory =
    "there is not enough memory; free some, or raise the limit that this process runs under";

// From here on a crash is a crash again; before, while libraries start, it is taken for a lack of
// memory.
void started();

}  // namespace minet::app
