#include "minet/models/device_graph.hpp"

#include <map>
#include <string>

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
      log::warning(text("run.cuda_graphs has no effect: ", found.problem));
    }
    return found.function;
  }();
  return make;
}

}  // namespace

std::unique_ptr<DeviceGraph> make_device_graph(const at::Device& device) {
  if (const auto found = makers().find(device.type()); found != makers().end()) {
    return found->second(device);
  }
  if (!device.is_cuda()) return nullptr;
  MakeCudaGraph* const make = cuda_graph_maker();
  return std::unique_ptr<DeviceGraph>(make == nullptr ? nullptr : make(device.index()));
}

void set_device_graph_maker(c10::DeviceType type, const DeviceGraphMaker& make) {
  makers()[type] = make;
}

}  // namespace minet::models
