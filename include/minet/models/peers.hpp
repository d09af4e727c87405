// Processes that train one model together, each on its part of every batch (training/ranks.hpp).
// Where a figure depends on more than one clip of the batch - the codebook's counts, a batch
// normalisation, telling bodies and sounds apart - a network asks for it here, so that all of them
// learn as one process would from the joined batch.
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
  // What all of them give, added up; the same shape everywhere. Everyone calls it, or nobody.
  virtual void sum(at::Tensor& tensor) = 0;
  // Everyone's becomes rank 0's.
  virtual void copy_first(at::Tensor& tensor) = 0;
};

// Which clips of a joined batch one process has.
struct Part {
  std::int64_t first = 0, count = 0, total = 0;
  double share() const { return static_cast<double>(count) / static_cast<double>(total); }
};
// Parts differ by one clip at most, lower ranks having more. Alone (nullptr): the whole batch.
Part part_of(const Peers* peers, std::int64_t batch);

// While it lives, the functions below mean the joined batch of `batch` clips; for this thread.
// Nothing changes where `peers` is nullptr.
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
// Of all processes' tensors, with a gradient; outside a joint step, the tensor itself.
at::Tensor joint_sum(const at::Tensor& own);
// own [b * k, ...] -> [B * k, ...], every process's rows in their order, with a gradient.
at::Tensor joint_rows(const at::Tensor& own);
// The row of the joined batch that is the first of this process.
std::int64_t first_joint_row();
// Of the joined batch, where this process has `own`.
std::int64_t joint_size(std::int64_t own);
// This process's part of the joined batch.
double own_share();
// drawn [B, ...] -> this process's rows [b, ...]: so random numbers are those of one process.
at::Tensor own_rows(const at::Tensor& drawn);
// Everyone's becomes rank 0's: for what different processors could round differently.
void copy_of_first(at::Tensor& tensor);

}  // namespace minet::models
