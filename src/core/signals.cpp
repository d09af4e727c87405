// Signal handlers that only set a flag.
#include "minet/core/signals.hpp"

#include <signal.h>
#include <unistd.h>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

volatile sig_atomic_t asked = 0;
volatile sig_atomic_t interrupts = 0;

extern "C" void on_stop_signal(int signal) {
  if (signal == SIGINT) {
    interrupts = interrupts + 1;
    if (interrupts >= 2) _exit(128 + SIGINT);  // second Ctrl-C: stop immediately
  }
  if (asked == 0) asked = signal;
}

}  // namespace

void install_stop_handlers() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;  // libraries may not handle EINTR
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    // nohup ignores SIGHUP; keep that.
    if (signal == SIGHUP && before.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  action.sa_flags = 0;
  for (const int signal : {SIGPIPE, SIGXFSZ}) sigaction(signal, &action, nullptr);
}

int stop_signal() {
  return asked;
}

void throw_if_stopped(const std::string& sentence) {
  if (const int signal = stop_signal(); signal != 0) {
    throw Interrupted(sentence, signal);
  }
}

void throw_if_stopped_while(const char* doing) {
  if (const int signal = stop_signal(); signal != 0) {
    throw Interrupted(text("stopped while ", doing, "; nothing was written"), signal);
  }
}

}  // namespace minet
