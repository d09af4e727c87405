#include "accelerator/fake_device.hpp"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/HPUHooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <c10/core/Allocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Backtrace.h>
#include <sys/mman.h>
#include <torch/library.h>

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/models/device_graph.hpp"
#include "models/no_warnings.hpp"

namespace minet::accelerator {
namespace {

constexpr c10::DeviceType kType = c10::DeviceType::HPU;
const c10::Device kDevice(kType, 0);

// Counters.

std::mutex counting;
Traffic traffic;
thread_local int inside = 0;  // > 0 in an operator of the device: its own copies do not count

struct Inside {
  Inside() { ++inside; }
  ~Inside() { --inside; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
};

// With MINET_WHERE set, prints the backtrace of each event.
void show(const std::string& what) {
  static const bool wanted = std::getenv("MINET_WHERE") != nullptr;
  if (wanted) std::cerr << what << '\n' << c10::get_backtrace(2, 40) << '\n';
}

// What a graph repeats; null unless one is being recorded. The backward pass records from another
// thread, while the first one waits for it.
std::vector<std::function<void()>>* recording = nullptr;

void refuse_if_recording(const std::string& what) {
  TORCH_CHECK(recording == nullptr, "the host would wait for '", what, "', which is not recorded");
}

void count_launch() {
  const std::lock_guard lock(counting);
  ++traffic.launches;
}

void count_read(const std::string& what) {
  if (inside > 0) return;
  refuse_if_recording(what);
  const std::lock_guard lock(counting);
  ++traffic.reads[what];
  show("read: " + what);
}

void count_write() {
  if (inside > 0) return;
  refuse_if_recording("a copy from memory that is not pinned");
  const std::lock_guard lock(counting);
  ++traffic.writes;
  show("write");
}

void count_mixed(const std::string& what) {
  if (inside > 0) return;
  const std::lock_guard lock(counting);
  ++traffic.mixed[what];
  show("mixed: " + what);
}

// Memory. A device pointer points into inaccessible pages; its bytes are at the same offset in a
// second region.
class Memory final : public c10::Allocator {
 public:
  Memory() : front_(map(PROT_NONE)), back_(map(PROT_READ | PROT_WRITE)) {}

  c10::DataPtr allocate(std::size_t bytes) override {
    const std::size_t size = std::bit_ceil(std::max<std::size_t>(bytes, 64));
    const std::lock_guard lock(mutex_);
    std::vector<char*>& spare = spare_[size];
    char* place = nullptr;
    if (!spare.empty()) {
      place = spare.back();
      spare.pop_back();
    } else {
      if (used_ + size > kBytes) throw WorkError("the fake accelerator has no memory left");
      place = front_ + used_;
      used_ += size;
    }
    sizes_[place] = size;
    return {place, place, &Memory::release, kDevice};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &Memory::release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(host(to), host(const_cast<void*>(from)), bytes);
  }
  char* host(void* pointer) const {
    return pointer == nullptr ? nullptr : back_ + (static_cast<char*>(pointer) - front_);
  }

  // All bytes in use, to be restored; what is allocated later is filled with NaNs then.
  std::vector<char> snapshot() const { return {back_, back_ + used_}; }
  void restore(const std::vector<char>& bytes) {
    std::memcpy(back_, bytes.data(), bytes.size());
    std::memset(back_ + bytes.size(), 0xff, used_ - bytes.size());
  }

  static Memory& instance() {
    static Memory* const memory = new Memory;  // outlives all tensors
    return *memory;
  }

 private:
  static constexpr std::size_t kBytes = std::size_t{4} << 30;  // of address space; far less is used

  static char* map(int protection) {
    void* const region =
        ::mmap(nullptr, kBytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) throw WorkError("cannot reserve addresses for the fake accelerator");
    return static_cast<char*>(region);
  }
  static void release(void* pointer) {
    Memory& memory = instance();
    const std::lock_guard lock(memory.mutex_);
    const auto place = static_cast<char*>(pointer);
    memory.spare_[memory.sizes_.at(place)].push_back(place);
  }

  std::mutex mutex_;
  char *front_, *back_;
  std::size_t used_ = 0;
  std::map<std::size_t, std::vector<char*>> spare_;  // by size
  std::map<char*, std::size_t> sizes_;
};

// The bytes of a tensor, as a tensor on the CPU.
at::Tensor on_host(const at::Tensor& tensor) {
  if (tensor.device().type() != kType) return tensor;
  const auto options = at::TensorOptions().dtype(tensor.dtype());
  if (tensor.numel() == 0) return at::empty_strided(tensor.sizes(), tensor.strides(), options);
  at::Tensor host = at::from_blob(Memory::instance().host(tensor.data_ptr()), tensor.sizes(),
                                  tensor.strides(), options);
  host._set_conj(tensor.is_conj());
  host._set_neg(tensor.is_neg());
  return host;
}

// Tensors of the same memory whose shapes stay, whatever later in-place operators do to the given
// ones.
at::Tensor frozen(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  return at::Tensor(
      tensor.unsafeGetTensorImpl()->shallow_copy_and_detach(c10::VariableVersion(0), true));
}

std::vector<c10::IValue> frozen(c10::ArrayRef<c10::IValue> values) {
  std::vector<c10::IValue> kept;
  for (const c10::IValue& value : values) {
    if (value.isTensor()) {
      kept.emplace_back(frozen(value.toTensor()));
    } else if (value.isTensorList()) {
      std::vector<at::Tensor> tensors = value.toTensorVector();
      for (at::Tensor& tensor : tensors) tensor = frozen(tensor);
      kept.emplace_back(tensors);
    } else if (value.isOptionalTensorList()) {
      std::vector<std::optional<at::Tensor>> tensors = value.toOptionalTensorList().vec();
      for (auto& tensor : tensors) {
        if (tensor) tensor = frozen(*tensor);
      }
      kept.emplace_back(c10::List<std::optional<at::Tensor>>(tensors));
    } else {
      kept.push_back(value);
    }
  }
  return kept;
}

// Operators.

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype,
                 std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>,
                 std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &Memory::instance(),
                                   c10::DispatchKeySet(c10::DispatchKey::HPU),
                                   c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride,
                         std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                         std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &Memory::instance(),
                                           c10::DispatchKeySet(c10::DispatchKey::HPU),
                                           c10::dtype_or_default(dtype));
}

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool /*non_blocking*/) {
  const bool reads = from.device().type() == kType && to.is_cpu();
  const bool writes = from.is_cpu() && to.device().type() == kType;
  if (reads) count_read("copy");
  if (writes) count_write();
  on_host(to).copy_(on_host(from));
  if (inside == 0) {
    count_launch();
    if (recording != nullptr) {
      recording->push_back(
          [from = frozen(from), to = frozen(to)] { on_host(to).copy_(on_host(from)); });
    }
  }
  return to;
}

const at::Tensor& resized(const at::Tensor& tensor, at::IntArrayRef size,
                          std::optional<at::MemoryFormat> /*format*/) {
  c10::TensorImpl* const impl = tensor.unsafeGetTensorImpl();
  impl->set_sizes_contiguous(size);
  const std::size_t bytes =
      (static_cast<std::size_t>(impl->storage_offset()) + static_cast<std::size_t>(impl->numel())) *
      impl->itemsize();
  const c10::Storage& storage = impl->storage();
  if (bytes <= storage.nbytes()) return tensor;
  c10::DataPtr place = Memory::instance().allocate(bytes);
  Memory::instance().copy_data(place.get(), storage.data(), storage.nbytes());
  storage.set_data_ptr_noswap(std::move(place));
  storage.unsafeGetStorageImpl()->set_nbytes(bytes);
  return tensor;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (to.sizes() != from.sizes()) resized(to, from.sizes(), std::nullopt);
  return copy_from(from, to, false);
}

at::Scalar local_scalar(const at::Tensor& tensor) {
  count_read("item");
  return on_host(tensor).item();
}

// Operators whose output shape or control flow depends on values.
bool tells_host(const std::string& name) {
  static const std::set<std::string> names{"aten::nonzero",
                                           "aten::masked_select",
                                           "aten::bincount",
                                           "aten::_unique",
                                           "aten::_unique2",
                                           "aten::unique_dim",
                                           "aten::equal",
                                           "aten::unique_consecutive",
                                           "aten::repeat_interleave",
                                           "aten::_linalg_check_errors"};
  return names.contains(name);
}

void look_at(const at::Tensor& tensor, const std::string& name, bool& ours, bool& others) {
  if (!tensor.defined()) return;
  if (tensor.device().type() == kType) {
    ours = true;
  } else if (tensor.dim() > 0) {
    others = true;
  }
  // (index itself calls nonzero for masks.)
  const bool is_mask = tensor.scalar_type() == at::kBool || tensor.scalar_type() == at::kByte;
  if (is_mask && tensor.device().type() == kType && name.find("index_put") != std::string::npos) {
    count_read(name + " by a mask");
  }
}

void compute(const c10::OperatorHandle& op, torch::jit::Stack& stack) {
  const Inside here;
  // Operators warn about resizing an output, although it is torch that calls them this way.
  const models::NoWarnings quiet;
  at::native::cpu_fallback(op, &stack);
}

// The new result, in the memory of the recorded one.
void overwrite(const at::Tensor& recorded, const at::Tensor& result) {
  if (!recorded.defined() || recorded.numel() == 0) return;
  if (recorded.data_ptr() != result.data_ptr()) on_host(recorded).copy_(on_host(result));
}

void overwrite(const c10::IValue& recorded, const c10::IValue& result) {
  if (recorded.isTensor()) return overwrite(recorded.toTensor(), result.toTensor());
  if (!recorded.isTensorList()) return;
  const auto olds = recorded.toTensorVector(), news = result.toTensorVector();
  for (std::size_t i = 0; i < olds.size(); ++i) overwrite(olds[i], news[i]);
}

void fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string name = op.schema().operator_name().name;
  const std::size_t count = op.schema().arguments().size();
  bool ours = false, others = false;
  for (const c10::IValue& value : torch::jit::last(*stack, count)) {
    if (value.isTensor()) look_at(value.toTensor(), "", ours, others);
    if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) look_at(tensor, "", ours, others);
    }
    if (!value.isOptionalTensorList()) continue;
    for (const std::optional<at::Tensor>& tensor : value.toOptionalTensorList().vec()) {
      if (tensor) look_at(*tensor, name, ours, others);
    }
  }
  if (ours && others) count_mixed(name);
  if (tells_host(name)) count_read(name);
  const bool launched = inside == 0;
  if (launched) count_launch();
  const bool records = launched && recording != nullptr;
  std::vector<c10::IValue> arguments;
  if (records) arguments = frozen(torch::jit::last(*stack, count));
  compute(op, *stack);
  if (!records) return;
  const auto results = frozen(torch::jit::last(*stack, op.schema().returns().size()));
  recording->push_back([op, arguments, results] {
    torch::jit::Stack again = arguments;
    compute(op, again);
    for (std::size_t i = 0; i < results.size(); ++i) overwrite(results[i], again[i]);
  });
}

// Graphs.

class Graph final : public models::DeviceGraph {
 public:
  void begin() override {
    generator_ = generator().get_state();
    memory_ = Memory::instance().snapshot();
    recording = &operations_;
  }
  void end() override {
    recording = nullptr;
    Memory::instance().restore(memory_);
    generator().set_state(generator_);
  }
  void replay() override {
    for (const auto& operation : operations_) operation();
  }
  ~Graph() override {
    if (recording == &operations_) recording = nullptr;
  }

 private:
  static at::Generator generator() { return at::detail::getDefaultCPUGenerator(); }

  std::vector<std::function<void()>> operations_;
  std::vector<char> memory_;
  at::Tensor generator_;
};

// Registration.

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device) const override { return kDevice; }
  c10::Device getDevice() const override { return kDevice; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const override {
    return c10::Stream(c10::Stream::DEFAULT, kDevice);
  }
  c10::Stream getDefaultStream(c10::Device device) const override { return getStream(device); }
  c10::Stream exchangeStream(c10::Stream stream) const override { return stream; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex,
              const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream&) const override {}
};
C10_REGISTER_GUARD_IMPL(HPU, Guard);

// Whether it is used: torch allows no second kind of accelerator beside a GPU.
bool in_use = false;

// Torch looks for this name.
struct HPUHooks final : at::HPUHooksInterface {
  explicit HPUHooks(const at::HPUHooksArgs&) {}
  void init() const override {}
  bool hasHPU() const override { return in_use; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return in_use; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return in_use; }
};
using at::HPUHooksRegistry;
using at::RegistererHPUHooksRegistry;
REGISTER_HPU_HOOKS(HPUHooks);

TORCH_LIBRARY_IMPL(_, HPU, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&fallback>());
}

TORCH_LIBRARY_IMPL(aten, HPU, library) {
  library.impl("empty.memory_format", &empty);
  library.impl("empty_strided", &empty_strided);
  library.impl("_copy_from", &copy_from);
  library.impl("_copy_from_and_resize", &copy_from_and_resize);
  library.impl("resize_", &resized);
  library.impl("_local_scalar_dense", &local_scalar);
  // Views need no memory.
  library.impl("as_strided", &at::native::as_strided_tensorimpl);
  library.impl("view", &at::native::view);
  library.impl("_reshape_alias", &at::native::_reshape_alias);
  library.impl("unfold", &at::native::unfold);
  library.impl("view_as_real", &at::native::view_as_real);
  library.impl("view_as_complex", &at::native::view_as_complex);
  // Otherwise torch would look for the backend's own convolution.
  for (const char* name : {"convolution", "convolution_backward"}) {
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&fallback>());
  }
}

// Otherwise torch would resolve a conjugate by a copy, which calls this operator again.
TORCH_LIBRARY_IMPL(aten, Conjugate, library) {
  library.impl("_copy_from", torch::CppFunction::makeFallthrough());
}
TORCH_LIBRARY_IMPL(aten, Negative, library) {
  library.impl("_copy_from", torch::CppFunction::makeFallthrough());
}

}  // namespace

at::Device fake_device() {
  static const bool registered = [] {
    in_use = true;
    c10::SetAllocator(kType, &Memory::instance());
    models::set_device_graph_maker(kType,
                                   [](const at::Device&) { return std::make_unique<Graph>(); });
    return true;
  }();
  static_cast<void>(registered);
  return kDevice;
}

Traffic take_traffic() {
  const std::lock_guard lock(counting);
  return std::exchange(traffic, {});
}

}  // namespace minet::accelerator
