// Passes samples between two threads, one writer and one reader, without locks or allocation.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace minet::live {

class Ring {
 public:
  explicit Ring(std::size_t samples) : samples_(samples) {}

  // Samples written and not yet read. For the writer, an upper bound.
  std::size_t filled() const {
    return static_cast<std::size_t>(written_.load(std::memory_order_acquire) -
                                    read_.load(std::memory_order_acquire));
  }
  std::size_t capacity() const { return samples_.size(); }

  // Called by the writer: pushes all of them, or returns false and pushes none.
  bool push(std::span<const float> block) {
    if (block.size() > samples_.size() - filled()) return false;
    const std::uint64_t at = written_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < block.size(); ++i) samples_[(at + i) % samples_.size()] = block[i];
    written_.store(at + block.size(), std::memory_order_release);
    return true;
  }

  // Called by the reader: takes as many as there are, and returns their number.
  std::size_t pull(std::span<float> into) {
    const std::uint64_t at = read_.load(std::memory_order_relaxed);
    const auto there = static_cast<std::size_t>(written_.load(std::memory_order_acquire) - at);
    const std::size_t count = there < into.size() ? there : into.size();
    for (std::size_t i = 0; i < count; ++i) into[i] = samples_[(at + i) % samples_.size()];
    read_.store(at + count, std::memory_order_release);
    return count;
  }

 private:
  std::vector<float> samples_;
  std::atomic<std::uint64_t> written_ = 0, read_ = 0;
};

}  // namespace minet::live
