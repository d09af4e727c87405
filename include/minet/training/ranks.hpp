// Ranks: processes that train one model together, on one machine or many, with c10d. Each has a
// part of every batch; they learn what one process would from the joined batch
// (docs/scaling.md).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/models/peers.hpp"

namespace minet::training {

// The place of this process among the ranks.
struct RankPlace {
  int rank = 0, size = 1;
  int local_rank = 0, local_size = 1;  // on this machine
  std::string address = "127.0.0.1";   // of the store where they meet
  int port = 0;
  bool store_is_there = false;   // served by the process that started them; else by rank 0
  std::optional<int> listening;  // rank 0: a descriptor that already listens on that port
  int attempt = 0;               // how often the ranks have been restarted
};
// As set by mi_train --nproc or torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT),
// or by srun (SLURM_PROCID, ...). nullopt: this process is alone. InputError: incomplete.
std::optional<RankPlace> find_rank_place();
// Whether torchrun or Slurm has started this process again, also if it is alone.
bool was_restarted();
// The first of Slurm's compressed list of host names: "node[03-07,12],other" -> "node03".
std::string first_host(const std::string& node_list);

// Thrown by the other ranks if rank 0 failed at work that it does for all; rank 0 reports the
// reason. Has its exit code: whichever process ends first, the code is the same.
class FirstFailed : public Error {
 public:
  using Error::Error;
};

// Averages gradients over the ranks.
class JointGradients {
 public:
  virtual ~JointGradients() = default;
  // loss.backward(), where `loss` is the mean over this rank's part of the batch and the gradients
  // become those of the joined batch's mean. To be called in a models::JointStep.
  virtual void backward(const at::Tensor& loss) = 0;
};

// All methods throw WorkError if another rank has ended, or did not answer for `timeout_s`.
class Ranks final : public models::Peers {
 public:
  // Connects to the other ranks.
  Ranks(const RankPlace& place, double timeout_s);
  ~Ranks() override;
  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }
  const RankPlace& place() const { return place_; }
  bool is_first() const { return place_.rank == 0; }

  // From now on the methods take tensors on this device.
  void use(const at::Device& device);
  void sum(at::Tensor& tensor) override;
  void copy_first(at::Tensor& tensor) override;
  // Each entry becomes the maximum over all ranks.
  void largest(std::vector<std::int64_t>& values);

  // Runs `work`, which may take long, without a time limit: first on rank 0, then on the others,
  // which can use its results. FirstFailed.
  void first_goes_ahead(const std::function<void()>& work);
  void wait_for_all();

  // The same parameters, in the same order, on every rank.
  std::unique_ptr<JointGradients> join(const std::vector<at::Tensor>& parameters);

 private:
  struct Groups;
  RankPlace place_;
  double timeout_s_;
  std::int64_t waits_ = 0;
  std::unique_ptr<Groups> groups_;
};

}  // namespace minet::training
