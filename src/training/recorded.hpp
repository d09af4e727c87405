// A training step's device work, repeated from a recording (models/device_graph.hpp).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <utility>
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
    const std::vector<std::int64_t> key = key_of(what);
    auto found = recordings_.find(key);
    if (found == recordings_.end()) {
      auto graph = models::make_device_graph(what.inputs.front()->device());
      wanted_ = graph != nullptr;
      if (!wanted_) return work();
      found = recordings_.emplace(key, models::RepeatedWork(std::move(graph))).first;
    }
    Recording& recording = found->second;
    keep_in_place(what.inputs, recording.inputs);
    try {
      if (recording.step.run([&] { recording.report = work(); })) {
        log::info("a training step has been recorded; it is repeated from now on");
      }
    } catch (const models::RecordingError& error) {
      throw WorkError(text("run.cuda_graphs: a training step could not be recorded (", error.what(),
                           "); set run.cuda_graphs: false"));
    }
    return recording.report;
  }
  // Frees the memory of all recordings.
  void clear() { recordings_.clear(); }

 private:
  struct Recording {
    explicit Recording(models::RepeatedWork work) : step(std::move(work)) {}
    models::RepeatedWork step;
    std::vector<at::Tensor> inputs;
    Report report;
  };

  bool wanted_;
  std::map<std::vector<std::int64_t>, Recording> recordings_;
};

}  // namespace minet::training
