#include "minet/vision/network.hpp"

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "vision/operators.hpp"

namespace minet::vision {
namespace {

// Which operators the wanted outputs depend on.
std::vector<bool> needed_operators(const TfGraph& graph, const std::vector<int>& outputs) {
  std::vector<bool> wanted(graph.tensors.size()), needed(graph.operators.size());
  for (const int output : outputs) wanted[static_cast<std::size_t>(output)] = true;
  for (std::size_t i = graph.operators.size(); i-- > 0;) {
    const TfOperator& op = graph.operators[i];
    if (!wanted[static_cast<std::size_t>(op.outputs.front())]) continue;
    needed[i] = true;
    for (const int input : op.inputs) {
      if (input >= 0) wanted[static_cast<std::size_t>(input)] = true;
    }
  }
  return needed;
}

}  // namespace

struct Network::State {
  struct Work {
    Step step;
    std::size_t output = 0;
    std::vector<std::int64_t> shape;    // of the output, as in the file
    std::vector<std::size_t> released;  // tensors that are not needed after it
  };
  std::string where;
  at::Device device = at::kCPU;
  std::size_t tensors = 0, input = 0;
  std::vector<std::int64_t> input_shape;
  std::vector<Work> works;
  std::vector<std::size_t> outputs;

  void find_releases(const TfGraph& graph, const std::vector<bool>& needed);
  std::vector<at::Tensor> run(const at::Tensor& value) const;
};

// Releases each tensor after its last use: together they would take a hundred megabytes.
void Network::State::find_releases(const TfGraph& graph, const std::vector<bool>& needed) {
  std::vector<std::size_t> last(graph.tensors.size(), works.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (!needed[i] || at == works.size() ||
        works[at].output != static_cast<std::size_t>(graph.operators[i].outputs.front())) {
      continue;
    }
    for (const int used : graph.operators[i].inputs) {
      if (used >= 0) last[static_cast<std::size_t>(used)] = at;
    }
    ++at;
  }
  for (const std::size_t output : outputs) last[output] = works.size();
  for (std::size_t tensor = 0; tensor < last.size(); ++tensor) {
    if (last[tensor] < works.size()) works[last[tensor]].released.push_back(tensor);
  }
}

std::vector<at::Tensor> Network::State::run(const at::Tensor& value) const {
  Slots slots(tensors);
  slots[input] = to_inside(value.to(device));
  for (const Work& work : works) {
    at::Tensor result = work.step(slots);
    const at::Tensor outside = result.dim() == 4 ? result.permute({0, 2, 3, 1}) : result;
    if (outside.sizes() != c10::IntArrayRef(work.shape)) {
      throw InputError(text(where, ": expected a tensor of shape ", c10::IntArrayRef(work.shape),
                            " in the network, got ", outside.sizes(),
                            "; run scripts/setup.sh, which fetches the networks"));
    }
    slots[work.output] = std::move(result);
    for (const std::size_t tensor : work.released) slots[tensor].reset();
  }
  std::vector<at::Tensor> results;
  for (const std::size_t output : outputs) {
    results.push_back(to_outside(slots[output]).to(at::kCPU));
  }
  return results;
}

Network Network::load(const std::filesystem::path& path, const std::vector<int>& outputs,
                      const at::Device& device) {
  TfGraph graph = read_tflite(path);
  return parse(std::move(graph.bytes), std::move(graph.where), outputs, device);
}

Network Network::parse(std::string bytes, std::string where, const std::vector<int>& outputs,
                       const at::Device& device) {
  const c10::InferenceMode no_gradients;
  const TfGraph graph = parse_tflite(std::move(bytes), std::move(where));
  const auto state = std::make_shared<State>();
  state->where = graph.where;
  state->device = device;
  state->tensors = graph.tensors.size();
  state->input = static_cast<std::size_t>(graph.inputs.front());
  state->input_shape = graph.tensors[state->input].shape;
  const auto refuse = [&](const std::string& found) {
    throw InputError(text(graph.where, ": expected a network, got ", found,
                          "; run scripts/setup.sh, which fetches the networks"));
  };
  std::vector<int> wanted;
  for (const int number : outputs) {
    if (number < 0 || number >= static_cast<int>(graph.outputs.size())) {
      refuse("one with fewer outputs");
    }
    wanted.push_back(graph.outputs[static_cast<std::size_t>(number)]);
  }
  if (outputs.empty()) wanted = graph.outputs;
  for (const int output : wanted) state->outputs.push_back(static_cast<std::size_t>(output));

  Slots constants;
  std::vector<bool> known(graph.tensors.size());
  for (const TfTensor& tensor : graph.tensors) {
    constants.push_back(constant_of(tensor, device));
  }
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = constants[i].defined();
  known[state->input] = true;
  const std::vector<bool> needed = needed_operators(graph, wanted);
  try {
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      if (!needed[i]) continue;
      const TfOperator& op = graph.operators[i];
      const auto result = static_cast<std::size_t>(op.outputs.front());
      for (const int used : op.inputs) {
        if (used >= 0 && !known[static_cast<std::size_t>(used)]) refuse("one in disorder");
      }
      if (known[result]) refuse("one that computes a tensor twice");
      known[result] = true;
      const at::Tensor& first = constants[static_cast<std::size_t>(op.inputs.front())];
      if (first.defined() && (op.code == Builtin::dequantize || op.code == Builtin::densify)) {
        constants[result] = first.reshape(graph.tensors[result].shape);
        continue;
      }
      state->works.push_back(
          {make_step(graph, op, constants), result, graph.tensors[result].shape, {}});
    }
    for (const std::size_t output : state->outputs) {
      if (!known[output] || constants[output].defined()) refuse("one that computes nothing");
    }
    state->find_releases(graph, needed);
    state->run(at::zeros(state->input_shape));  // checks that the parts fit together
  } catch (const c10::Error&) {
    if (!device.is_cpu()) throw;  // more likely the device's fault
    refuse("one whose parts do not fit together");
  }
  Network network;
  network.state_ = state;
  return network;
}

const std::vector<std::int64_t>& Network::input_shape() const {
  return state_->input_shape;
}

std::vector<at::Tensor> Network::run(const at::Tensor& input) const {
  const c10::InferenceMode no_gradients;
  return state_->run(input);
}

}  // namespace minet::vision
