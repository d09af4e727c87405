// Progress lines on stderr.
#include "minet/core/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/terminal.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kRedraw = std::chrono::milliseconds(200);      // on a terminal
constexpr auto kPlainLine = std::chrono::milliseconds(5000);  // in a file or a pipe

std::atomic<bool> quiet{false};

bool stderr_is_terminal() {
  const char* const kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

// Three significant digits.
std::string rate_text(double rate) {
  if (rate >= 100) return text(std::llround(rate));
  const double scale = rate >= 10 ? 10 : 100;
  return to_text(std::round(rate * scale) / scale);
}

}  // namespace

Progress::Progress(std::string label, std::int64_t total, std::string unit, std::int64_t start)
    : label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(start),
      done_(start),
      began_(Clock::now()),
      drawn_(began_),
      terminal_(stderr_is_terminal()) {}

// If an exception ended the work, the last state stays on the screen.
Progress::~Progress() {
  if (!finished_ && terminal_ && !quiet && detail::progress_line_open.exchange(false)) {
    std::fputc('\n', stderr);
  }
}

void Progress::update(std::int64_t done, std::string_view note) {
  done_ = done;
  if (quiet || finished_) return;
  const auto now = Clock::now();
  if (now - drawn_ < (terminal_ ? Clock::duration(kRedraw) : Clock::duration(kPlainLine))) return;
  note_ = note;
  drawn_ = now;
  draw(false);
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  if (!quiet) draw(true);
}

void Progress::set_quiet(bool value) {
  quiet = value;
}

void Progress::draw(bool last) {
  const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_ - start_) / seconds : 0;
  std::string line = text(label_, " ", done_);
  if (total_ > 0) line += text("/", total_);
  line += text(" ", unit_);
  if (rate > 0) line += text(", ", rate_text(rate), " ", unit_, "/s");
  if (last) {
    line += text(", ", human_duration(seconds));
  } else if (rate > 0 && total_ > done_) {
    line += text(", ", human_duration(static_cast<double>(total_ - done_) / rate), " left");
  }
  if (!note_.empty()) line += text("  ", printable(note_));
  if (terminal_) {
    line.insert(0, detail::kWipeLine);
    detail::progress_line_open = !last;
  }
  if (!terminal_ || last) line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

}  // namespace minet
