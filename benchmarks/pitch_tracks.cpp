// Pitch tracks of sound files, for comparison with other trackers (benchmarks/peers/pitch.py):
//     pitch_tracks LOWEST_HZ HIGHEST_HZ OUT_FOLDER SOUND...
// writes OUT_FOLDER/<index>.txt, one frame's f0 per line (0 = unvoiced), and prints for each sound
// its index, its duration in seconds and the seconds that tracking took.
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

#include "minet/audio/pitch.hpp"
#include "minet/audio/sound.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"

int main(int argc, char** argv) {
  using namespace minet;
  if (argc < 5) {
    std::cerr << "expected LOWEST_HZ HIGHEST_HZ OUT_FOLDER SOUND..., got " << argc - 1
              << " arguments\n";
    return 2;
  }
  try {
    const audio::PitchOptions options{.lowest_hz = std::stod(argv[1]),
                                      .highest_hz = std::stod(argv[2])};
    const std::filesystem::path folder = argv[3];
    for (int i = 4; i < argc; ++i) {
      const audio::Sound sound = audio::read_sound(argv[i]);
      const auto start = std::chrono::steady_clock::now();
      const audio::PitchTrack track = audio::track_pitch(sound, options);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      std::string lines;
      for (const float hz : track.hz) lines += text(hz, "\n");
      save_file(folder / text(i - 4, ".txt"), lines);
      std::printf("%d %.4f %.6f\n", i - 4, sound.seconds(), took.count());
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
