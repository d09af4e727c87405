// mi_generate: from keypoints, and notes if given, to sound.
#include <algorithm>
#include <iostream>
#include <set>

#include "companion.hpp"
#include "minet/generation/generate.hpp"
#include "torch_main.hpp"

using namespace minet;

namespace {

// Options as typed, besides those that go to GenerateOptions unchanged.
struct Arguments {
  app::CommonOptions common;
  app::ComputeOptions compute{.device = "cpu"};
  generation::GenerateOptions options;
  std::optional<std::string> model, pose, from, notes, video;
  std::string format = "auto", picture, gaps = "paper";
};

void add_sound_options(CLI::App& cli, Arguments& arguments) {
  generation::GenerateOptions& options = arguments.options;
  cli.add_option("-o,--output,--out", options.output,
                 "Sound to write (.wav or .flac); a .json beside it records how it was made")
      ->required();
  cli.add_option("--bits", options.bits, "16 or 24 bits per sample")->default_str("16");
  cli.add_option(
      "--loudness", options.loudness,
      "Normalise to this loudness in LUFS (EBU R 128), such as -16; default: only print the "
      "loudness");
  cli.add_option("--seconds", options.seconds, "Length in seconds; default: that of the keypoints");
  cli.add_option("--seed", options.sampling.seed, "Random seed; each seed gives a different piece")
      ->check(app::whole_number())
      ->default_str("0");
  cli.add_option("--count", options.count, "Number of pieces: OUT-1.wav, OUT-2.wav, ...")
      ->default_str("1");
  app::add_sampling_options(cli, options.sampling);
  cli.add_option("--iterations", options.iterations,
                 "Iterations of phase reconstruction, for the paper's model")
      ->default_str("16")
      ->check(CLI::Range(1, 10000));
}

void add_options(CLI::App& cli, Arguments& arguments) {
  generation::GenerateOptions& options = arguments.options;
  cli.add_option("--model", arguments.model,
                 "Run folder, or folder with model.safetensors; required except with --from");
  cli.add_option(
      "--pose", arguments.pose,
      "Keypoints: a folder of OpenPose files, or a file of MediaPipe, MMPose, AlphaPose, "
      "DeepLabCut, Solos, Foley-Music or mi_prepare pose (docs/keypoints.md); default: found in "
      "--video");
  CLI::Option* notes = cli.add_option("--notes", arguments.notes,
                                      "Notes to play: .mid, URMP Notes_*.txt or notes.csv");
  app::add_score_options(cli, options.read_notes, notes);
  cli.add_option("--video", arguments.video,
                 "Video of the player, also written with the new sound beside the output: in its "
                 "own format, or "
                 "as .mp4 with --overlay. Without --pose the keypoints are found in it; with "
                 "--pose it provides "
                 "the frame times if the keypoints have none (needs ffmpeg)");
  cli.add_flag("--overlay", options.overlay,
               "Draw the skeleton on that video, filled-in joints hollow (not with --pose)");
  cli.add_flag("--overlay-notes", options.overlay_notes,
               "With --overlay: also scroll the notes that are played, or the codes of the paper's "
               "model");
  add_sound_options(cli, arguments);
  cli.add_option("--format", arguments.format,
                 "Format of the keypoints: " + join(pose::pose_format_names(), ", "))
      ->default_str(arguments.format);
  cli.add_option("--person", options.read_pose.person, pose::kPersonHelp)
      ->check(CLI::Range(0, 999));
  cli.add_option(
      "--fps", options.read_pose.fps,
      "Frames per second of the keypoints; default: their own times, else those of --video, else "
      "25");
  cli.add_option("--first-frame", options.read_pose.first_frame, "Frame number at time 0");
  cli.add_option("--picture", arguments.picture, pose::kPictureHelp);
  cli.add_option("--gaps", arguments.gaps, pose::kGapsHelp)->default_str(arguments.gaps);
  cli.add_option(
      "--from", arguments.from,
      "Reproduce the sound of this .json (with -o; only --model, --device, --threads and "
      "--force may be given beside it)");
  cli.add_flag("--force", options.force, "Overwrite existing files");
}

// The .json determines the sound.
void refuse_with_from(const CLI::App& cli) {
  const std::set<std::string> allowed{"--from",    "--model", "--output", "--device",
                                      "--threads", "--force", "--quiet",  "--log-level"};
  for (const CLI::Option* option : cli.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || allowed.contains(name)) continue;
    throw InputError(text("--from: expected no ", name, " beside it, because the .json determines ",
                          "the sound; leave it out"));
  }
}

generation::GenerateReport repeat(const CLI::App& cli, const Arguments& arguments) {
  refuse_with_from(cli);
  return generation::repeat({.sidecar = *arguments.from,
                             .model = arguments.model,
                             .output = arguments.options.output,
                             .device = arguments.compute.device,
                             .threads = arguments.compute.threads,
                             .force = arguments.options.force});
}

generation::GenerateReport generate(const Arguments& arguments) {
  if (!arguments.model)
    throw InputError("--model: expected a run folder, got none; see mi_generate --help");
  if (!arguments.pose && !arguments.video)
    throw InputError(
        "--pose: expected keypoints, or a video with --video, got neither; see mi_generate --help");
  if (!arguments.pose &&
      (arguments.options.read_pose.fps || arguments.options.read_pose.first_frame ||
       !arguments.picture.empty() || arguments.format != "auto"))
    throw InputError(
        "--pose: expected a keypoint file for --fps, --first-frame, --picture or --format, got "
        "none; leave them out for a video");
  generation::GenerateOptions options = arguments.options;
  options.model = *arguments.model;
  options.pose = arguments.pose.value_or("");
  options.notes = arguments.notes;
  options.video = arguments.video;
  options.read_pose.format = pose::parse_pose_format(arguments.format);
  if (!arguments.picture.empty())
    options.read_pose.picture = pose::parse_picture(arguments.picture);
  options.gaps = pose::parse_gap_rule(arguments.gaps);
  options.device = arguments.compute.device;
  options.threads = arguments.compute.threads;
  return generation::generate(options);
}

// The arguments without --live; nullopt if it is not among them.
std::optional<std::vector<std::string>> live_arguments(int argc, char** argv) {
  std::vector<std::string> others(argv + 1, argv + argc);
  const auto live = std::find(others.begin(), others.end(), "--live");
  if (live == others.end()) return std::nullopt;
  others.erase(live);
  return others;
}

}  // namespace

int main(int argc, char** argv) {
  const app::Program program{
      .name = "mi_generate",
      .summary = "Generate the sound of the instrument that a player's keypoints show.",
      .example = "mi_generate --model runs/first --pose player.npy --notes tune.mid -o tune.wav",
      .read_error = app::read_torch_error,
      .companions = {{"--live", "mi_live"}}};
  Arguments arguments;
  CLI::App cli;
  app::set_up(cli, program, arguments.common);
  if (const auto others = live_arguments(argc, argv)) {
    return app::run(cli, program, arguments.common, 1, argv,
                    // It gets the other arguments unchanged, including --help.
                    [&]() -> int { app::become_companion("mi_live", *others); });
  }
  bool live = false;  // only for the help text: handled above
  cli.add_flag("--live", live,
               "Play live, as keypoints arrive; see mi_generate --live --help and docs/live.md");
  app::add_compute_options(cli, arguments.compute.device, arguments.compute.threads);
  add_options(cli, arguments);

  return app::leave(app::run(cli, program, arguments.common, argc, argv, [&] {
    const generation::GenerateReport report =
        arguments.from ? repeat(cli, arguments) : generate(arguments);
    if (!arguments.common.quiet) {
      for (const auto& file : report.files) std::cout << printable(file.string()) << '\n';
    }
    return 0;
  }));
}
