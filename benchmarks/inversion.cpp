// Phase reconstruction of magnitudes; a worker (worker.hpp). One thread.
//
//   inversion gradient|random ROUNDS OUT_FOLDER MAGNITUDES.npy...
//
// Magnitudes are [T, 1024], as the model's; the sounds go to OUT_FOLDER/<index>.npy, so that the
// bench judges minet's and the peers' by the same measure.
#include <filesystem>
#include <string>

#include "minet/audio/inversion.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "worker.hpp"

int main(int argc, char** argv) {
  using namespace minet;
  if (argc < 5) {
    std::cerr << "expected gradient|random ROUNDS OUT_FOLDER MAGNITUDES.npy..., got " << argc - 1
              << " arguments\n";
    return 2;
  }
  try {
    const audio::InversionOptions options{.start = std::string(argv[1]) == "random"
                                                       ? audio::PhaseStart::random
                                                       : audio::PhaseStart::gradient,
                                          .iterations = std::stoll(argv[2])};
    const std::filesystem::path folder = argv[3];
    std::vector<audio::Spectrogram> targets;
    for (int i = 4; i < argc; ++i) {
      FloatArray array = read_npy_float(argv[i]);
      targets.push_back({.frames = array.shape.at(0),
                         .bins = array.shape.at(1),
                         .values = std::move(array.values)});
    }
    std::vector<audio::Sound> sounds(targets.size());
    return bench::serve(
        [&] {
          for (std::size_t i = 0; i < targets.size(); ++i) {
            sounds[i] = audio::invert(targets[i], {}, options);
          }
        },
        [&] {
          for (std::size_t i = 0; i < sounds.size(); ++i) {
            const auto count = static_cast<std::int64_t>(sounds[i].samples.size());
            save_npy(folder / text(i, ".npy"),
                     FloatArray{.shape = {count}, .values = sounds[i].samples});
          }
          return bench::Json::object();
        });
  } catch (const std::exception& error) {
    std::cerr << "inversion: " << error.what() << '\n';
    return 1;
  }
}
