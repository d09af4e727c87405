// A training step's device work, repeated from a recording (models/device_graph.hpp).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "minet/models/device_graph.hpp"

namespace minet::training {

// What tells one recording of a step from another, and what is different in each run of it.
struct Recordable {
  std::int64_t variant = 0;  // of the operations, for the same shapes of the inputs
  std::vector<at::Tensor*> inputs;
};
// The variant, then the shapes.
std::vector<std::int64_t> key_of(const Recordable& what);
// Copies the inputs into `kept`, made at the first call, and makes them refer to these copies.
void keep_in_place(const std::vector<at::Tensor*>& inputs, std::vector<at::Tensor>& kept);

// The first runs create what is created once, on the stream that will be recorded.
inline constexpr int kRunsBeforeRecording = 3;

template <class Report>
class Recorded {
 public:
  // If not `wanted`, or on a device that cannot record, every run is executed operation by
  // operation.
  explicit Recorded(bool wanted) : wanted_(wanted) {}

  // The report of `work()`, which reads the inputs through the pointers in `what`. The next run
  // may overwrite the report's tensors. WorkError if it cannot be recorded.
  template <class Work>
  Report run(const Recordable& what, const Work& work) {
    if (!wanted_) return work();
    Recording& recording = recordings_[key_of(what)];
    if (!recording.graph) {
      recording.graph = models::make_device_graph(what.inputs.front()->device());
      wanted_ = recording.graph != nullptr;
      if (!wanted_) return work();
    }
    keep_in_place(what.inputs, recording.inputs);
    if (recording.runs++ < kRunsBeforeRecording) return work();
    if (recording.runs == kRunsBeforeRecording + 1) record(recording, work);
    recording.graph->replay();
    return recording.report;
  }
  // Frees the memory of all recordings.
  void clear() { recordings_.clear(); }

 private:
  struct Recording {
    std::unique_ptr<models::DeviceGraph> graph;
    std::vector<at::Tensor> inputs;
    int runs = 0;
    Report report;
  };

  template <class Work>
  static void record(Recording& recording, const Work& work) try {
    recording.graph->begin();
    recording.report = work();
    recording.graph->end();
    log::info("a training step has been recorded; it is repeated from now on");
  } catch (const c10::Error& error) {
    try {
      recording.graph->end();  // the device is to be usable afterwards
    } catch (const c10::Error&) {
    }
    const std::string_view why = error.what_without_backtrace();
    throw WorkError(text("run.cuda_graphs: a training step could not be recorded (",
                         why.substr(0, why.find('\n')), "); set run.cuda_graphs: false"));
  }

  bool wanted_;
  std::map<std::vector<std::int64_t>, Recording> recordings_;
};

}  // namespace minet::training
