// LibTorch's libraries initialise before main() and take hundreds of megabytes. If a limit (ulimit
// -v) leaves them too little, they throw, or use the null pointer that malloc() returned, and
// neither can be caught. So the handlers here are installed before any library initialises, by the
// executable's .preinit_array.
#include "early.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <initializer_list>
#include <new>

namespace minet::app {
namespace {

// Does not allocate.
[[noreturn]] void end_with(const char* sentence) {
  for (const char* part :
       {static_cast<const char*>(program_invocation_short_name), ": ", sentence, ".\n"}) {
    if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  }
  ::_exit(1);
}

[[noreturn]] void on_terminate() {
  if (const std::exception_ptr current = std::current_exception()) {
    try {
      std::rethrow_exception(current);
    } catch (const std::bad_alloc&) {
      end_with(kNoMemory);
    } catch (const std::exception& error) {
      end_with(std::strstr(error.what(), "allocate memory") != nullptr ? kNoMemory : error.what());
    } catch (...) {
    }
  }
  end_with("failed unexpectedly for an unknown reason");
}

void on_crash(int) {
  end_with(kNoMemory);
}

void set_handlers() {
  std::set_terminate(on_terminate);
  rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    ::signal(SIGSEGV, on_crash);
  }
}

__attribute__((section(".preinit_array"), used)) void (*const kBeforeLibraries)() = set_handlers;

}  // namespace

void started() {
  ::signal(SIGSEGV, SIG_DFL);
}

}  // namespace minet::app
