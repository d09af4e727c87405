// How the process of a training gets its memory.
#pragma once

namespace minet::training {

// Keeps freed memory for the next step instead of giving it back to the system: every step wants
// the same tensors again, and fresh pages would be cleared first. For the process, once; `train`
// calls it. Does nothing without the GNU C library.
void keep_freed_memory();

}  // namespace minet::training
