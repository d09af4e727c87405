// Phase reconstruction from the phase gradient and from random phases: milliseconds (best of 3) and
// spectral convergence of the first 4 s of each recording, by number of rounds. One thread.
//
//   inversion FILE...
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>

#include "minet/audio/inversion.hpp"
#include "minet/audio/sound.hpp"
#include "minet/audio/spectrogram.hpp"

using namespace minet::audio;

namespace {

double milliseconds_of(const auto& work) {
  double best = 1e30;
  for (int round = 0; round < 3; ++round) {
    const auto began = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    best = std::min(best, took.count());
  }
  return best;
}

void measure(const char* path) {
  Sound sound = read_sound(path);
  sound.samples.resize(std::min<std::size_t>(sound.samples.size(), 64'000));
  const Spectrogram target = magnitude(sound, {});
  std::printf("%s\n", path);
  for (const int rounds : {0, 2, 4, 8, 16, 32, 100}) {
    std::printf("  %3d rounds", rounds);
    for (const PhaseStart start : {PhaseStart::random, PhaseStart::gradient}) {
      Sound made;
      const double took = milliseconds_of(
          [&] { made = invert(target, {}, {.start = start, .iterations = rounds}); });
      std::printf("  %s %6.1f ms %6.2f dB", start == PhaseStart::random ? "random" : "gradient",
                  took, spectral_convergence_db(target, magnitude(made, {})));
    }
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) try {
  for (int i = 1; i < argc; ++i) measure(argv[i]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "inversion: %s\n", error.what());
  return 1;
}
