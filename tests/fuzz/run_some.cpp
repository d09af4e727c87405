// For compilers without libFuzzer: runs every file of FOLDER/READER through that reader, and after
// it DAMAGES copies of the file with seeded damage.
//
//   readers_fuzz FOLDER [DAMAGES]     DAMAGES per file, 0 by default
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>

#include "fuzz/target.hpp"
#include "minet/core/files.hpp"
#include "minet/core/log.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/random.hpp"

namespace {

namespace fs = std::filesystem;

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
  if (argc < 2) return 2;
  minet::log::set_level(minet::log::Level::off);
  minet::Progress::set_quiet(true);
  const int damages = argc > 2 ? std::atoi(argv[2]) : 0;
  minet::Random random(1);
  int runs = 0;
  for (const minet::fuzz::Target& target : minet::fuzz::readers()) {
    std::vector<fs::path> paths;
    const fs::path folder = fs::path(argv[1]) / target.name;
    if (fs::is_directory(folder)) {
      for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const fs::path& path : paths) {
      const std::string bytes = minet::read_file(path, 1 << 24);
      target.run(bytes);
      for (int i = 0; i < damages; ++i) target.run(damaged(bytes, random));
      runs += 1 + damages;
    }
  }
  std::cout << runs << " runs\n";
  return runs > 0 ? 0 : 1;
}
