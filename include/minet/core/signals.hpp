// Clean stops: signal handlers set a flag that long work checks between steps.
#pragma once

#include <string>

namespace minet {

// INT, TERM, HUP, USR1 and USR2 request a stop; a second INT ends the process at once with 130.
// PIPE and XFSZ are ignored, so that system calls fail with ordinary errors instead.
void install_stop_handlers();

int stop_signal();  // 0 if no stop was requested

// Throws Interrupted("stopped at <where>; <what to do>") if a stop was requested.
void throw_if_stopped(const std::string& where_and_what_to_do);
// The same for work in many small steps: "stopped while <doing>; nothing was written".
void throw_if_stopped_while(const char* doing);

}  // namespace minet
