// Sources of keypoints; each fills the inbox from its own thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "live/inbox.hpp"
#include "minet/live/play.hpp"

namespace minet::live {

class Source {
 public:
  virtual ~Source() = default;           // stops it within a tenth of a second
  virtual std::string name() const = 0;  // for messages: "OSC at port 9000"
};

// A thread that the destructor stops and joins. `work` must check the flag every 100 ms.
class Worker {
 public:
  explicit Worker(std::function<void(const std::atomic<bool>& stop)> work);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

std::unique_ptr<Source> make_line_source(Inbox& inbox, int descriptor);
std::unique_ptr<Source> make_osc_source(Inbox& inbox, int port);
// Lines of JSON from one of our programs; `argv` without the program's folder.
std::unique_ptr<Source> make_program_source(Inbox& inbox, std::vector<std::string> argv,
                                            std::string name);

std::unique_ptr<Source> make_source(Inbox& inbox, const PlayOptions& options);

}  // namespace minet::live
