// mi_video: a player's keypoints from a film. `mi_prepare video` starts it: a program of its own,
// because LibTorch and OpenCV together take half a second to load, which no other command needs.
#include <malloc.h>

#include <iostream>

#include "minet/core/access.hpp"
#include "minet/core/files.hpp"
#include "minet/core/words.hpp"
#include "minet/pose/draw.hpp"
#include "minet/pose/found.hpp"
#include "minet/video/camera.hpp"
#include "minet/video/film_keypoints.hpp"
#include "minet/video/holistic_json.hpp"
#include "minet/video/overlay.hpp"
#include "minet/vision/networks.hpp"
#include "torch_main.hpp"

using namespace minet;

namespace {

namespace fs = std::filesystem;

struct Arguments {
  app::CommonOptions common;
  fs::path film, out, preview, overlay;
  std::optional<int> person;
  std::string gaps = "paper";
  int threads = 1;
  bool force = false, lines = false;
};

void add_options(CLI::App& cli, Arguments& arguments) {
  cli.add_option("film", arguments.film, "Film of one player, in any format that ffmpeg reads")
      ->required();
  cli.add_option(
      "-o,--out", arguments.out,
      "File to write: NAME.npy, float32 [frames, 47, 3] at 25 fps with its gaps filled; or "
      "NAME.json, all points of every picture at its own time (docs/keypoints.md)");
  cli.add_flag("--lines", arguments.lines,
               "Instead print each picture's points as a line of JSON as it comes (docs/live.md): "
               "from a camera, by its number in place of the film, or from a film at its own pace");
  cli.add_option("--person", arguments.person,
                 "Which of several people, from 0, left to right; default: who is seen best")
      ->check(CLI::Range(0, 999));
  cli.add_option("--preview", arguments.preview, "Also draw some frames into this SVG file");
  cli.add_option(
      "--overlay", arguments.overlay,
      "Also write the film with the skeleton drawn over it, and hollow joints where it was "
      "filled in (.mp4)");
  cli.add_option("--gaps", arguments.gaps, pose::kGapsHelp)->capture_default_str();
  cli.add_option("--threads", arguments.threads,
                 "Threads for the networks; more than one pays only on an idle machine")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  cli.add_flag("--force", arguments.force, "Replace existing files");
}

// The networks ask for and return some megabytes hundreds of times a picture. By default glibc
// gives each block back to the system, and taking it again is a third of the time.
void keep_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

void check_outputs(const Arguments& arguments) {
  const std::string extension = lower(arguments.out.extension().string());
  if (extension != ".npy" && extension != ".json") {
    throw InputError(
        text("--out: expected a name that ends in .npy or .json, got ", shown(arguments.out)));
  }
  if (!arguments.overlay.empty() && lower(arguments.overlay.extension().string()) != ".mp4") {
    throw InputError(
        text("--overlay: expected a name that ends in .mp4, got ", shown(arguments.overlay)));
  }
  for (const fs::path& output : {arguments.out, arguments.preview, arguments.overlay}) {
    if (output.empty()) continue;
    refuse_overwrite(output, arguments.force);
    expect_writable(output);
  }
}

// Counts, gaps, what to do next.
void report(const Arguments& arguments, const video::FilmKeypoints& found,
            const pose::GapReport& gaps) {
  const vision::EstimatorCounts& counts = found.counts;
  log::debug(text(found.seconds_a_picture * 1000, " ms a picture, ", counts.body_searches,
                  " searches for the body, ", counts.palm_searches, " for a palm"));
  Notices notices;
  append(notices, gaps.notices, arguments.film.string());
  say(notices);
  if (arguments.common.quiet) return;
  std::cout << printable_lines(gaps.text())
            << text(shown(arguments.out), ": ", counts.pictures, " pictures of ",
                    human_duration(found.raw.times.back()), ", ", found.raw.width, "x",
                    found.raw.height, "; seen: body ", counts.bodies, ", right hand ",
                    counts.right_hands, ", left hand ", counts.left_hands, "\n");
}

int print_lines(const Arguments& arguments) {
  if (!arguments.out.empty() || !arguments.preview.empty() || !arguments.overlay.empty()) {
    throw InputError(
        "--lines: expected no --out, --preview or --overlay beside it; leave them out");
  }
  vision::use_threads(arguments.threads);
  keep_memory();
  video::follow_camera(arguments.film.string(), {.networks = vision::networks_folder(),
                                                 .person = arguments.person,
                                                 .line = [](std::string_view line) {
                                                   std::cout << line << '\n' << std::flush;
                                                   return std::cout.good();
                                                 }});
  std::cout.clear();  // what was not written is tried once more, and says why it cannot be
  throw_if_stopped_while("finding keypoints");
  return 0;
}

int find(const Arguments& arguments) {
  if (arguments.lines) return print_lines(arguments);
  if (arguments.out.empty()) {
    throw InputError("--out: expected a file to write, got none; see mi_prepare video --help");
  }
  check_outputs(arguments);
  const pose::GapRule rule = pose::parse_gap_rule(arguments.gaps);
  vision::use_threads(arguments.threads);
  keep_memory();
  video::FilmKeypointOptions options{.networks = vision::networks_folder(),
                                     .person = arguments.person};
  std::optional<video::HolisticJson> json;
  if (lower(arguments.out.extension().string()) == ".json") {
    json.emplace(arguments.out, arguments.force);
    options.each = [&json](const auto& frame, const auto& player) { json->add(frame, player); };
  }
  video::FilmKeypoints found = video::find_keypoints(arguments.film, options);
  pose::GapReport gaps;
  const pose::PoseSequence pose = pose::prepare_found(found.raw, pose::kPoseFps, rule, &gaps);
  if (json) {
    json->commit();
  } else {
    pose::save_pose_npy(arguments.out, pose);
  }
  if (!arguments.preview.empty()) {
    save_file(arguments.preview,
              pose::draw_svg(pose, {.title = arguments.film.filename().string()}),
              {.replace = arguments.force});
  }
  if (!arguments.overlay.empty()) {
    video::make_overlay(arguments.film, found.raw, arguments.overlay, arguments.force);
  }
  report(arguments, found, gaps);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const app::Program program{.name = "mi_prepare",
                             .summary = "Find a player's keypoints in a film.",
                             .example =
                                 "mi_prepare video violin.mp4 -o violin.npy --preview "
                                 "violin.svg",
                             .read_error = app::read_torch_error};
  Arguments arguments;
  CLI::App cli;
  app::set_up(cli, program, arguments.common);
  cli.name("mi_prepare video");
  add_options(cli, arguments);
  return app::leave(
      app::run(cli, program, arguments.common, argc, argv, [&] { return find(arguments); }));
}
