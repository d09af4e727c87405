// mi_generate: keypoints, and notes if given, to sound.
#include <iostream>

#include "minet/generation/generate.hpp"
#include "torch_main.hpp"

using namespace minet;

int main(int argc, char** argv) {
  const app::Program program{
      .name = "mi_generate",
      .summary = "Generate the sound of the instrument that a player's keypoints show.",
      .example = "mi_generate --model runs/first --pose player.npy --notes tune.mid -o tune.wav",
      .read_error = app::read_torch_error};
  app::CommonOptions common;
  app::ComputeOptions compute{.device = "cpu"};
  CLI::App cli;
  app::set_up(cli, program, common);
  app::add_compute_options(cli, compute.device, compute.threads);

  generation::GenerateOptions options;
  std::optional<std::string> model, pose, from, notes, video;
  std::string format = "auto", picture, gaps = "paper";
  cli.add_option("--model", model,
                 "Run folder, or folder with model.safetensors; required except with --from");
  cli.add_option(
      "--pose", pose,
      "Keypoints: a folder of OpenPose files, or a file of MediaPipe, MMPose, AlphaPose, "
      "DeepLabCut, Solos, Foley-Music or mi_prepare pose (docs/keypoints.md); required "
      "except with --from");
  cli.add_option("--notes", notes, "Notes to play: .mid, URMP Notes_*.txt or notes.csv");
  app::add_score_options(cli, options.read_notes);
  cli.add_option("--video", video,
                 "Also write this video with the new sound; its pictures give the times of "
                 "keypoints that have none (needs ffmpeg)");
  cli.add_option("-o,--output", options.output,
                 "Sound to write (.wav or .flac); a .json beside it records how it was made")
      ->required();
  cli.add_option("--bits", options.bits, "16 or 24 bits per sample")->default_str("16");
  cli.add_option(
      "--loudness", options.loudness,
      "Normalise to this loudness in LUFS (EBU R 128), such as -16; default: only print the "
      "loudness");
  cli.add_option("--seconds", options.seconds, "Length in seconds; default: that of the keypoints");
  cli.add_option("--seed", options.sampling.seed, "Random seed; another seed gives another piece")
      ->default_str("0");
  cli.add_option("--count", options.count, "Number of pieces: OUT-1.wav, OUT-2.wav, ...")
      ->default_str("1");
  cli.add_option(
      "--temperature", options.sampling.temperature,
      "Below 1: steadier; above: more varied; 0: always the most likely code; default of "
      "this and the next two: as the model's config.yaml says");
  cli.add_option("--top-k", options.sampling.top_k, "Draw from the K most probable codes; 0: all");
  cli.add_option("--top-p", options.sampling.top_p,
                 "Draw from the fewest codes that hold this probability");
  cli.add_option("--iterations", options.iterations, "Rounds of phase reconstruction")
      ->default_str("16")
      ->check(CLI::Range(1, 10000));
  cli.add_option("--format", format,
                 "Format of the keypoints: " + join(pose::pose_format_names(), ", "))
      ->default_str(format);
  cli.add_option("--person", options.read_pose.person, pose::kPersonHelp)
      ->check(CLI::Range(0, 999));
  cli.add_option(
      "--fps", options.read_pose.fps,
      "Frames per second of the keypoints; default: their own times, else those of --video, else "
      "25");
  cli.add_option("--first-frame", options.read_pose.first_frame, "Frame number at time 0");
  cli.add_option("--picture", picture, pose::kPictureHelp);
  cli.add_option("--gaps", gaps, pose::kGapsHelp)->default_str(gaps);
  cli.add_option("--from", from, "Reproduce the sound of this .json (only with --model and -o)");
  cli.add_flag("--force", options.force, "Overwrite existing files");

  return app::leave(app::run(cli, program, common, argc, argv, [&] {
    generation::GenerateReport report;
    if (from) {
      if (pose || notes || video)
        throw InputError(
            "--from: expected no --pose, --notes or --video beside it; leave them out");
      report = generation::repeat({.sidecar = *from,
                                   .model = model,
                                   .output = options.output,
                                   .device = compute.device,
                                   .threads = compute.threads,
                                   .force = options.force});
    } else {
      if (!model)
        throw InputError("--model: expected a run folder, got none; see mi_generate --help");
      if (!pose) throw InputError("--pose: expected keypoints, got none; see mi_generate --help");
      options.model = *model;
      options.pose = *pose;
      options.notes = notes;
      options.video = video;
      options.read_pose.format = pose::parse_pose_format(format);
      if (!picture.empty()) options.read_pose.picture = pose::parse_picture(picture);
      options.gaps = pose::parse_gap_rule(gaps);
      options.device = compute.device;
      options.threads = compute.threads;
      report = generation::generate(options);
    }
    if (!common.quiet) {
      for (const auto& file : report.files) std::cout << file.string() << '\n';
    }
    return 0;
  }));
}
