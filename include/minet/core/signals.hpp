// A clean stop: signals set a flag that long work looks at between steps.
#pragma once

#include <string>

namespace minet {

// INT, TERM, HUP, USR1 and USR2 ask for a stop; a second INT ends the process at once with 130.
// PIPE and XFSZ are ignored, so that they come as ordinary errors.
void install_stop_handlers();

int stop_signal();  // 0 while nobody asked

// Throws Interrupted("stopped at <where>; <what to do>") if a stop was asked for.
void throw_if_stopped(const std::string& where_and_what_to_do);
// The same where work is done in many small pieces: "stopped while <doing>; nothing was written".
void throw_if_stopped_while(const char* doing);

}  // namespace minet
