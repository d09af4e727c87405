// Rendezvous and collectives of the ranks, with LibTorch's c10d: TCPStore, Gloo or NCCL, and the
// Reducer behind PyTorch's DistributedDataParallel.
#include "minet/training/ranks.hpp"

#include <ATen/ATen.h>
#include <c10/util/Logging.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include "core/plugin.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/log.hpp"
#include "minet/core/text.hpp"
#include "models/no_warnings.hpp"

namespace minet::training {
namespace {

using Group = c10::intrusive_ptr<c10d::ProcessGroup>;
using Store = c10::intrusive_ptr<c10d::Store>;

constexpr std::chrono::hours kLongestWork{24};
constexpr std::chrono::seconds kHearing{2};
constexpr double kMeetingS = 300;  // some machines may start long after others
constexpr std::size_t kFirstBucket = 1 << 20, kBucket = 25 << 20;  // bytes, as in DDP

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// Runs c10d code and turns what it throws into a one-sentence error.
template <class Work>
auto together(const RankPlace& place, const char* doing, const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    const auto* const torch_error = dynamic_cast<const c10::Error*>(&error);
    std::string why = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
    why = why.substr(0, std::min<std::size_t>(why.find('\n'), 300));
    throw WorkError(text("rank ", place.rank, " of ", place.size,
                         ": expected all ranks to answer while ", doing,
                         ", but one ended, or the connection to it was lost (", printable(why),
                         "); see the messages of the others, and resume from the last checkpoint"));
  }
}

class Reduced final : public JointGradients {
 public:
  Reduced(const RankPlace& place, const std::vector<at::Tensor>& parameters, const Group& group)
      : place_(place) {
    auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(
        parameters, {kFirstBucket, kBucket}, std::vector<bool>(parameters.size(), false));
    std::reverse(buckets.begin(), buckets.end());  // gradients of the last layers are ready first
    std::reverse(limits.begin(), limits.end());
    // Parameters that a batch does not use (those for notes, if no clip has any) are looked for in
    // each step. This also keeps the buckets fixed, so that a resumed run sums in the same order.
    reducer_ = std::make_shared<c10d::Reducer>(
        parameters, std::move(buckets), group, std::vector<bool>(parameters.size(), false), kBucket,
        /*find_unused_parameters=*/true, /*gradient_as_bucket_view=*/false,
        std::unordered_map<std::size_t, std::string>(), kFirstBucket,
        /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false,
        std::vector<std::int64_t>());
  }

  void backward(const at::Tensor& loss) override {
    together(place_, "summing gradients", [&] {
      // The reducer averages over the ranks, regardless of how many clips each has.
      const at::Tensor own = loss * (models::own_share() * place_.size);
      // It advises not to look for unused parameters if the first step has none.
      const models::NoWarnings quiet;
      reducer_->prepare_for_forward();
      reducer_->prepare_for_backward({own});
      own.backward();
    });
  }

 private:
  RankPlace place_;
  std::shared_ptr<c10d::Reducer> reducer_;
};

}  // namespace

struct Ranks::Groups {
  Store store;
  Group control, values, gradients;  // control: on the CPU
};

namespace {

// The address at which the other ranks reach this one.
std::shared_ptr<gloo::transport::Device> own_address(const RankPlace& place) {
  if (const char* const name = std::getenv("GLOO_SOCKET_IFNAME")) {  // as in PyTorch
    return c10d::ProcessGroupGloo::createDeviceForInterface(name);
  }
  return place.local_size == place.size
             ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
             : c10d::ProcessGroupGloo::createDefaultDevice();
}

// From libminet_nccl.so beside the program (plugins/nccl.cpp); null if that cannot be loaded.
c10::intrusive_ptr<c10d::Backend> nccl_backend(const Store& store, const RankPlace& place,
                                               double timeout_s) {
  using Make = c10d::Backend*(const Store&, int rank, int size, std::int64_t timeout_ms);
  const auto nccl = plugin_function<Make>("libminet_nccl.so", "minet_nccl_backend");
  if (nccl.function == nullptr) {
    log::warning(text("GPUs exchange gradients through main memory, by Gloo, because NCCL cannot ",
                      "be loaded (", nccl.problem, "); build with the torch of setup.sh --cuda"));
    return {};
  }
  return c10::intrusive_ptr<c10d::Backend>::reclaim(
      nccl.function(store, place.rank, place.size, milliseconds(timeout_s).count()));
}

Group make_group(const RankPlace& place, const Store& store, const std::string& name,
                 const at::Device& device, double timeout_s) {
  const Store own = c10::make_intrusive<c10d::PrefixStore>(name, store);
  auto group = c10::make_intrusive<c10d::ProcessGroup>(own, place.rank, place.size);
  if (device.is_cuda()) {
    if (auto nccl = nccl_backend(own, place, timeout_s)) {
      group->setBackend(device.type(), c10d::ProcessGroup::BackendType::NCCL, std::move(nccl));
      group->setDefaultBackend(c10d::ProcessGroup::BackendType::NCCL);
      return group;
    }
  }
  auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(timeout_s));
  options->devices.push_back(own_address(place));
  group->setBackend(
      device.type(), c10d::ProcessGroup::BackendType::GLOO,
      c10::make_intrusive<c10d::ProcessGroupGloo>(own, place.rank, place.size, std::move(options)));
  group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
  return group;
}

}  // namespace

Ranks::Ranks(const RankPlace& place, double timeout_s)
    : place_(place), timeout_s_(timeout_s), groups_(std::make_unique<Groups>()) {
  // Suppresses the pages that c10d prints when a rank is lost; minet's error says the same.
  FLAGS_caffe2_log_level = std::max(FLAGS_caffe2_log_level, 3);
  together(place_, "meeting", [&] {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(place.port);
    options.isServer = place.rank == 0 && !place.store_is_there;
    options.numWorkers = place.size;
    options.waitWorkers = !place.store_is_there;
    options.timeout = milliseconds(std::max(timeout_s, kMeetingS));
    if (options.isServer) options.masterListenFd = place.listening;
    auto store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
    // Restarted ranks must not see the keys left by earlier attempts.
    groups_->store =
        c10::make_intrusive<c10d::PrefixStore>(text("minet/", place.attempt), std::move(store));
    groups_->control = make_group(place, groups_->store, "control", at::kCPU, timeout_s);
  });
}

Ranks::~Ranks() = default;

void Ranks::use(const at::Device& device) {
  together(place_, "meeting", [&] {
    groups_->values = device.is_cpu()
                          ? groups_->control
                          : make_group(place_, groups_->store, "values", device, timeout_s_);
    groups_->gradients = make_group(place_, groups_->store, "gradients", device, timeout_s_);
  });
}

void Ranks::sum(at::Tensor& tensor) {
  std::vector<at::Tensor> tensors{tensor};
  together(place_, "summing", [&] { groups_->values->allreduce(tensors)->wait(); });
}

void Ranks::copy_first(at::Tensor& tensor) {
  std::vector<at::Tensor> tensors{tensor};
  together(place_, "receiving data from rank 0",
           [&] { groups_->values->broadcast(tensors)->wait(); });
}

void Ranks::largest(std::vector<std::int64_t>& values) {
  std::vector<at::Tensor> tensors{
      at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kLong)};
  c10d::AllreduceOptions options;
  options.reduceOp = c10d::ReduceOp::MAX;
  together(place_, "agreeing", [&] { groups_->control->allreduce(tensors, options)->wait(); });
}

void Ranks::first_goes_ahead(const std::function<void()>& work) {
  const std::string key = text("ahead/", waits_++);
  const auto tell = [&](const std::string& word) {
    groups_->store->set(key, std::vector<std::uint8_t>(word.begin(), word.end()));
  };
  const auto heard_key = [&](int rank) { return text(key, "/heard by ", rank); };
  if (is_first()) {
    std::vector<std::string> heard;
    for (int rank = 1; rank < place_.size; ++rank) heard.push_back(heard_key(rank));
    const auto tell_failure = [&](int exit_code) {
      try {
        tell(text(exit_code));
        groups_->store->wait(heard, kHearing);  // the store may end with this process
      } catch (const std::exception&) {         // no rank is left to receive it
      }
    };
    try {
      work();
    } catch (const Error& error) {
      tell_failure(error.exit_code());
      throw;
    } catch (...) {
      tell_failure(1);
      throw;
    }
    together(place_, "waiting", [&] { tell("done"); });
    return;
  }
  const auto word = together(place_, "waiting for rank 0", [&] {
    groups_->store->wait({key}, kLongestWork);
    return groups_->store->get(key);
  });
  if (const std::string said(word.begin(), word.end()); said != "done") {
    together(place_, "waiting for rank 0",
             [&] { groups_->store->set(heard_key(place_.rank), std::vector<std::uint8_t>{1}); });
    throw FirstFailed(text("rank ", place_.rank, " stopped, because rank 0 failed"),
                      std::atoi(said.c_str()));
  }
  work();
}

void Ranks::wait_for_all() {
  const std::string name = text("all/", waits_++, "/");
  std::vector<std::string> keys;
  for (int rank = 0; rank < place_.size; ++rank) keys.push_back(text(name, rank));
  together(place_, "waiting for all", [&] {
    groups_->store->set(keys[static_cast<std::size_t>(place_.rank)], std::vector<std::uint8_t>{1});
    groups_->store->wait(keys, kLongestWork);
  });
}

std::unique_ptr<JointGradients> Ranks::join(const std::vector<at::Tensor>& parameters) {
  return together(place_, "meeting", [&]() -> std::unique_ptr<JointGradients> {
    return std::make_unique<Reduced>(place_, parameters, groups_->gradients);
  });
}

}  // namespace minet::training
