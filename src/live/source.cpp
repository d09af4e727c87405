#include "live/source.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/process.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"

namespace minet::live {
namespace {

constexpr int kLookMs = 100;             // interval of a source's checks for a stop
constexpr double kLongest = 30 * 86400;  // s

class LineSource : public Source {
 public:
  LineSource(Inbox& inbox, int descriptor)
      : worker_([&inbox, descriptor](const std::atomic<bool>& stop) {
          LineCutter lines(inbox);
          std::array<char, 65536> block;
          while (!stop) {
            pollfd wait{descriptor, POLLIN, 0};
            if (::poll(&wait, 1, kLookMs) <= 0) continue;
            const ssize_t got = ::read(descriptor, block.data(), block.size());
            if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (got <= 0) break;
            lines.add({block.data(), static_cast<std::size_t>(got)});
          }
          lines.finish();
          inbox.end();
        }) {}
  std::string name() const override { return "standard input"; }

 private:
  Worker worker_;
};

class ProgramSource : public Source {
 public:
  ProgramSource(Inbox& inbox, std::vector<std::string> argv, std::string name)
      : name_(std::move(name)), worker_([&inbox, words = std::move(argv)](const auto& stop) {
          try {
            LineCutter lines(inbox);
            const ProcessResult result =
                run_process(words, kLongest, {}, [&](std::string_view part) {
                  lines.add(part);
                  return !stop;
                });
            lines.finish();
            if (!stop && result.exit_code == kInputExit) throw InputError(sentence_of(result));
            if (!stop && result.exit_code != 0) throw WorkError(sentence_of(result));
            inbox.end();
          } catch (...) {
            inbox.end(stop_signal() != 0 ? nullptr : std::current_exception());
          }
        }) {}
  std::string name() const override { return name_; }

 private:
  // The last line of its output: "mi_prepare: VIDEO: expected ...".
  static std::string sentence_of(const ProcessResult& result) {
    std::string last = last_line(result.error_output);
    if (last.empty()) return "the camera's program ended unexpectedly";
    const std::size_t colon = last.find(": ");
    if (last.starts_with("mi_") && colon != std::string::npos) last = last.substr(colon + 2);
    return last;
  }
  std::string name_;
  Worker worker_;
};

}  // namespace

Worker::Worker(std::function<void(const std::atomic<bool>&)> work)
    : thread_([this, own = std::move(work)] { own(stop_); }) {}

Worker::~Worker() {
  stop_ = true;
  thread_.join();
}

std::unique_ptr<Source> make_line_source(Inbox& inbox, int descriptor) {
  return std::make_unique<LineSource>(inbox, descriptor);
}

std::unique_ptr<Source> make_program_source(Inbox& inbox, std::vector<std::string> argv,
                                            std::string name) {
  argv.at(0) = require_companion(argv.at(0));
  return std::make_unique<ProgramSource>(inbox, std::move(argv), std::move(name));
}

std::unique_ptr<Source> make_source(Inbox& inbox, const PlayOptions& options) {
  if (options.osc_port) return make_osc_source(inbox, *options.osc_port);
  if (!options.camera) return make_line_source(inbox, STDIN_FILENO);
  std::vector<std::string> argv = {"mi_video", "--lines", "--device=" + options.camera_device};
  if (options.person) argv.insert(argv.end(), {"--person", text(*options.person)});
  argv.insert(argv.end(), {"--", *options.camera});
  return make_program_source(inbox, std::move(argv), "camera " + printable(*options.camera));
}

}  // namespace minet::live
