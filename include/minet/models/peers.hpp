// Processes that train one model together, each on its part of every batch (training/ranks.hpp).
// Where a value depends on more than one clip of the batch (the codebook's counts, batch
// normalisation, matching bodies and sounds), a network gets it through this interface, so that all
// processes learn what one process would from the joined batch.
// Letters: B clips of the joined batch, b of one process's part.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace minet::models {

class Peers {
 public:
  virtual ~Peers() = default;
  virtual int rank() const = 0;  // 0 .. size - 1
  virtual int size() const = 0;
  // Sums the tensors of all processes in place; same shape everywhere. All must call it, or none.
  virtual void sum(at::Tensor& tensor) = 0;
  // Copies rank 0's tensor to all.
  virtual void copy_first(at::Tensor& tensor) = 0;
};

// The clips of a joined batch that one process has.
struct Part {
  std::int64_t first = 0, count = 0, total = 0;
  double share() const { return static_cast<double>(count) / static_cast<double>(total); }
};
// Parts differ by at most one clip, the lower ranks having more. Alone (nullptr): the whole batch.
Part part_of(const Peers* peers, std::int64_t batch);

// During its lifetime the functions below refer to the joined batch of `batch` clips, on this
// thread. Has no effect if `peers` is nullptr.
class JointStep {
 public:
  JointStep(Peers* peers, std::int64_t batch);
  ~JointStep();
  JointStep(const JointStep&) = delete;
  JointStep& operator=(const JointStep&) = delete;

 private:
  Peers* peers_before_;
  Part part_before_;
};

// Whether there is more than one process in this step.
bool in_joint_step();
// The sum of all processes' tensors, differentiable; outside a joint step, the tensor itself.
at::Tensor joint_sum(const at::Tensor& own);
// own [b * k, ...] -> [B * k, ...]: the rows of all processes in order, differentiable.
at::Tensor joint_rows(const at::Tensor& own);
// The row of the joined batch at which this process's rows begin.
std::int64_t first_joint_row();
// The number of clips of the joined batch if this process has `own`.
std::int64_t joint_size(std::int64_t own);
// This process's share of the joined batch.
double own_share();
// drawn [B, ...] -> this process's rows [b, ...], so that random numbers are those of one process.
at::Tensor own_rows(const at::Tensor& drawn);
// Copies rank 0's tensor to all: for results that different processors could round differently.
void copy_of_first(at::Tensor& tensor);

}  // namespace minet::models
