// Ranks: processes that train one model together, on one machine or many, with c10d. Each has a
// part of every batch; what they learn is what one process would from the joined batch
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

// Where this process is among the ranks.
struct RankPlace {
  int rank = 0, size = 1;
  int local_rank = 0, local_size = 1;  // on this machine
  std::string address = "127.0.0.1";   // of the store that they meet at
  int port = 0;
  bool store_is_there = false;   // the one that started them serves it; otherwise rank 0 does
  std::optional<int> listening;  // rank 0: a descriptor that listens at that port already
  int attempt = 0;               // how often the ranks were started again
};
// By mi_train --nproc or torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), or by
// srun (SLURM_PROCID, ...). nullopt: this process is alone. InputError: incomplete.
std::optional<RankPlace> find_rank_place();
// The first of Slurm's compressed host names: "node[03-07,12],other" -> "node03".
std::string first_host(const std::string& node_list);

// Thrown by the others where rank 0 failed at what it does for all; it says why itself. With its
// exit code: whoever ends first, the code is the same.
class FirstFailed : public Error {
 public:
  using Error::Error;
};

// Gradients that are averaged over the ranks.
class JointGradients {
 public:
  virtual ~JointGradients() = default;
  // loss.backward(), where `loss` is the mean over this rank's part of the batch and the gradients
  // become those of the joined batch's mean. In a models::JointStep.
  virtual void backward(const at::Tensor& loss) = 0;
};

// All throw WorkError where another rank ended, or did not answer for `timeout_s`.
class Ranks final : public models::Peers {
 public:
  // Meets the others.
  Ranks(const RankPlace& place, double timeout_s);
  ~Ranks() override;
  int rank() const override { return place_.rank; }
  int size() const override { return place_.size; }
  const RankPlace& place() const { return place_; }
  bool is_first() const { return place_.rank == 0; }

  // Tensors on this device can be given from now on.
  void use(const at::Device& device);
  void sum(at::Tensor& tensor) override;
  void copy_first(at::Tensor& tensor) override;
  // Each entry becomes the largest of all ranks'.
  void largest(std::vector<std::int64_t>& values);

  // Work that may take long, without a time limit: rank 0 first, then the others, who may find its
  // results. FirstFailed.
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
