#include "minet/training/memory.hpp"

#include <cstdlib>  // defines __GLIBC__ if it is glibc

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <limits>

namespace minet::training {

void keep_freed_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace minet::training
