#include "minet/models/device_graph.hpp"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <c10/util/Exception.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/plugin.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"

namespace minet::models {
namespace {

std::map<c10::DeviceType, DeviceGraphMaker>& makers() {
  static std::map<c10::DeviceType, DeviceGraphMaker> made;
  return made;
}

using MakeCudaGraph = DeviceGraph*(int device);  // the caller owns the result

MakeCudaGraph* cuda_graph_maker() {
  static MakeCudaGraph* const make = [] {
    const auto found = plugin_function<MakeCudaGraph>("libminet_cuda_graph.so", "minet_cuda_graph");
    if (found.function == nullptr) {
      log::warning(text("no CUDA graphs, work on the GPU may be slower: ", found.problem));
    }
    return found.function;
  }();
  return make;
}

// Returns to the stream that was current before.
class StreamKept {
 public:
  explicit StreamKept(const at::Device& device)
      : guard_(device.type()), before_(guard_.getStream(device)) {}
  ~StreamKept() { guard_.exchangeStream(before_); }
  StreamKept(const StreamKept&) = delete;
  StreamKept& operator=(const StreamKept&) = delete;
  void wait() const { guard_.synchronizeStream(guard_.getStream(before_.device())); }
  void try_to_wait() const {
    try {
      wait();
    } catch (const c10::Error&) {
    }
  }

 private:
  c10::impl::VirtualGuardImpl guard_;
  c10::Stream before_;
};

void run_or_give_up_recording(RepeatedWork& work, const std::function<void()>& step) try {
  work.run(step);
} catch (const RecordingError& error) {
  log::warning(text("a step could not be recorded as a graph (", error.what(),
                    "); it is repeated operator by operator"));
  work = RepeatedWork(nullptr);
  step();
}

}  // namespace

bool RepeatedWork::run(const std::function<void()>& work) {
  if (!records() || runs_ < kRunsBeforeRecording) {
    ++runs_;
    work();
    return false;
  }
  const bool first = runs_ == kRunsBeforeRecording;
  if (first) {
    record(work);
    ++runs_;
  }
  graph_->replay();
  return first;
}

void RepeatedWork::record(const std::function<void()>& work) try {
  graph_->begin();
  try {
    work();
  } catch (...) {
    try {
      graph_->end();  // the device is to be usable afterwards
    } catch (const c10::Error&) {
    }
    throw;
  }
  graph_->end();
} catch (const c10::Error& error) {
  const std::string_view why = error.what_without_backtrace();
  throw RecordingError(std::string(why.substr(0, why.find('\n'))));
}

void repeat(const at::Device& device, std::int64_t times, const std::function<void()>& step,
            const std::function<void(std::int64_t)>& before) {
  const bool records = !device.is_cpu() && times > kRunsBeforeRecording + 1;
  const StreamKept stream(device);
  RepeatedWork work(records ? make_device_graph(device) : nullptr);
  try {
    for (std::int64_t t = 0; t < times; ++t) {
      if (before) before(t);
      run_or_give_up_recording(work, step);
    }
  } catch (...) {  // what `step` uses may be freed now
    stream.try_to_wait();
    throw;
  }
  stream.wait();
}

std::unique_ptr<DeviceGraph> make_device_graph(const at::Device& device) {
  if (const DeviceGraphMaker& make = makers()[device.type()]) return make(device);
  if (!device.is_cuda()) return nullptr;
  MakeCudaGraph* const make = cuda_graph_maker();
  return std::unique_ptr<DeviceGraph>(make == nullptr ? nullptr : make(device.index()));
}

DeviceGraphMaker set_device_graph_maker(c10::DeviceType type, DeviceGraphMaker make) {
  return std::exchange(makers()[type], std::move(make));
}

}  // namespace minet::models
