// Loads a trained model and generates sound from a player's keypoints.
//
//   play MODEL KEYPOINTS OUT.wav [NOTES]
//
// KEYPOINTS: a file in any format of docs/keypoints.md. OUT.json, beside the sound, records how it
// was made.
#include <cstdio>
#include <minet/core/errors.hpp>
#include <minet/generation/generate.hpp>

int main(int argc, char** argv) {
  if (argc < 4 || argc > 5) {
    std::fprintf(stderr, "play: expected MODEL KEYPOINTS OUT.wav [NOTES]\n");
    return 2;
  }
  try {
    minet::generation::GenerateOptions options;
    options.model = argv[1];
    options.pose = argv[2];
    options.output = argv[3];
    if (argc == 5) options.notes = argv[4];
    options.sampling.seed = 1;  // a different seed gives a different performance
    options.threads = 1;
    options.force = true;
    const minet::generation::GenerateReport report = minet::generation::generate(options);
    for (const auto& file : report.files) std::printf("%s\n", file.c_str());
    std::printf("%.1f s of sound\n", report.seconds);
    return 0;
  } catch (const minet::Error& error) {  // one sentence: what was expected, what was found, where
    std::fprintf(stderr, "play: %s\n", error.what());
    return error.exit_code();
  }
}
