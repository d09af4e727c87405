// The best that a processor can do, as a limit for the measures; a worker (worker.hpp). One
// thread.
//
//   limits stream BYTES TIMES       reads a buffer of BYTES bytes TIMES times
//   limits fourier SIZE COUNT       real Fourier transforms, alternately forward and backward
//   limits multiply GIGAFLOP        a plain matrix product (float32, through LibTorch)
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <string>
#include <vector>

#include "audio/fourier.hpp"
#include "worker.hpp"

namespace {

using namespace minet;

// Eight sums, so that loads and not additions are the bottleneck.
__attribute__((target_clones("avx512f", "avx2", "default"))) float read_all(
    const float* __restrict values, std::size_t count) {
  using Lane = float __attribute__((vector_size(64), aligned(4)));
  Lane sums[8] = {};
  const std::size_t step = 8 * 16;
  for (std::size_t i = 0; i + step <= count; i += step) {
    for (std::size_t k = 0; k < 8; ++k) {
      sums[k] += *reinterpret_cast<const Lane*>(values + i + 16 * k);
    }
  }
  float all = 0;
  for (const Lane& sum : sums) {
    for (int i = 0; i < 16; ++i) all += sum[i];
  }
  return all;
}

int stream(std::size_t bytes, std::int64_t times) {
  const std::vector<float> values(bytes / sizeof(float), 1.0F);
  volatile float kept = 0;
  return bench::serve([&] {
    for (std::int64_t i = 0; i < times; ++i) kept = kept + read_all(values.data(), values.size());
  });
}

int fourier(std::int64_t size, std::int64_t count) {
  const auto transform = audio::Fourier::get(size);
  const auto real = audio::make_aligned<float>(size);
  const auto spectrum = audio::make_aligned<std::complex<float>>(size / 2 + 1);
  return bench::serve([&] {
    for (std::int64_t i = 0; i < count; ++i) {
      if (i % 2 == 0) {
        for (std::int64_t k = 0; k < size; ++k) real[k] = 1;  // else they would grow without end
        transform->forward(real.get(), spectrum.get());
      } else {
        transform->backward(spectrum.get(), real.get());
      }
    }
  });
}

int multiply(double gigaflop) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  constexpr std::int64_t kSize = 1024;
  const at::Tensor a = at::rand({kSize, kSize}), b = at::rand({kSize, kSize});
  at::Tensor c = at::empty({kSize, kSize});
  const double each = 2.0 * kSize * kSize * kSize * 1e-9;
  const auto whole = static_cast<std::int64_t>(gigaflop / each);
  // The remainder is a product of fewer rows.
  const auto rows = static_cast<std::int64_t>((gigaflop / each - static_cast<double>(whole)) *
                                              static_cast<double>(kSize));
  return bench::serve([&] {
    for (std::int64_t i = 0; i < whole; ++i) at::mm_out(c, a, b);
    if (rows > 0) c.narrow(0, 0, rows).copy_(at::mm(a.narrow(0, 0, rows), b));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "stream") {
    return stream(std::stoull(words[1]), std::stoll(words[2]));
  }
  if (words.size() == 3 && words[0] == "fourier") {
    return fourier(std::stoll(words[1]), std::stoll(words[2]));
  }
  if (words.size() == 2 && words[0] == "multiply") return multiply(std::stod(words[1]));
  std::cerr << "expected stream BYTES TIMES, fourier SIZE COUNT or multiply GIGAFLOP\n";
  return 2;
}
