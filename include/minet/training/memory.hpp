// Memory allocation of a training process.
#pragma once

namespace minet::training {

// Keeps freed memory for the next step instead of returning it to the system: every step needs the
// same tensors again, and the system would clear fresh pages first. Applies to the whole process;
// `train` calls it. Does nothing without the GNU C library.
void keep_freed_memory();

}  // namespace minet::training
