// A main for a harness where libFuzzer is not at hand: runs it on the files that are named, or on
// seeded damages of a small MIDI file and a small note list. The harness aborts where it objects.
//
//   midi_fuzz [FILE...]
#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

#include "minet/core/files.hpp"
#include "minet/core/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace std::string_view_literals;

constexpr int kRuns = 20000;
constexpr std::uint64_t kMaxFile = 1 << 20;

constexpr std::array kSeeds{
    "MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\x14\0\xff\x51\3\x07\xa1\x20\0\x90\x3c\x40\x60\x80\x3c\0\0\xff\x2f\0"sv,
    "onset_s,duration_s,pitch\n0,0.5,60\n0.5,0.25,64\n"sv};

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string damaged(std::string bytes, minet::Random& random) {
  const auto place = [&] { return static_cast<std::size_t>(random.below(bytes.size())); };
  for (std::uint64_t times = 1 + random.below(4); times > 0 && !bytes.empty(); --times) {
    switch (random.below(4)) {
      case 0:
        bytes[place()] = static_cast<char>(random.below(256));
        break;
      case 1:
        bytes.insert(place(), 1, static_cast<char>(random.below(256)));
        break;
      case 2:
        bytes.erase(place(), 1 + static_cast<std::size_t>(random.below(4)));
        break;
      default:
        bytes += bytes.substr(place());
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) run(minet::read_file(argv[i], kMaxFile));
  if (argc > 1) return 0;
  minet::Random random(1);
  for (int i = 0; i < kRuns; ++i) run(damaged(std::string(kSeeds[i % kSeeds.size()]), random));
  std::cout << kRuns << " runs\n";
  return 0;
}
