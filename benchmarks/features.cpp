// Sound files to log-spectrograms at the model's rate; a worker (worker.hpp). One thread.
//
//   features SOUND...
#include <cmath>
#include <vector>

#include "minet/audio/sound.hpp"
#include "minet/audio/spectrogram.hpp"
#include "worker.hpp"

int main(int argc, char** argv) {
  using namespace minet;
  if (argc < 2) {
    std::cerr << "expected SOUND..., got no argument\n";
    return 2;
  }
  const std::vector<std::string> paths(argv + 1, argv + argc);
  const audio::SpectrogramScale scale{.reference = 100};
  double sum = 0;
  std::int64_t frames = 0;
  return bench::serve(
      [&] {
        frames = 0;
        sum = 0;
        for (const std::string& path : paths) {
          audio::Spectrogram found = audio::magnitude(audio::read_sound(path), {});
          audio::to_log(scale, found.values);
          frames += found.frames;
          sum += static_cast<double>(found.values[found.values.size() / 2]);
        }
      },
      [&] {
        return bench::Json{{"frames", frames}, {"check", sum}};
      });
}
