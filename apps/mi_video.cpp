// mi_video: finds a player's keypoints in a video. `mi_prepare video` starts it: a program of its
// own, because LibTorch and OpenCV take half a second to load and no other command needs both.
#include <malloc.h>

#include <iostream>
#include <memory>
#include <utility>

#include "minet/core/access.hpp"
#include "minet/core/files.hpp"
#include "minet/core/film.hpp"
#include "minet/core/words.hpp"
#include "minet/pose/draw.hpp"
#include "minet/pose/film_pose.hpp"
#include "minet/pose/found.hpp"
#include "minet/pose/readers.hpp"
#include "minet/video/camera.hpp"
#include "minet/video/film_keypoints.hpp"
#include "minet/video/holistic_json.hpp"
#include "minet/video/overlay.hpp"
#include "minet/video/people.hpp"
#include "minet/vision/networks.hpp"
#include "torch_main.hpp"

using namespace minet;

namespace {

namespace fs = std::filesystem;

struct Arguments {
  app::CommonOptions common;
  fs::path film, out, preview, overlay, keypoints, notes;
  std::optional<int> person;
  std::string gaps = "paper";
  app::ComputeOptions compute{.device = "cpu", .threads = 1};
  bool force = false, lines = false;
};

void add_options(CLI::App& cli, Arguments& arguments) {
  cli.add_option("video", arguments.film, "Video of one player, in any format that ffmpeg reads");
  cli.add_option(
      "-o,--out", arguments.out,
      "File to write: NAME.npy, float32 [frames, 47, 3] at 25 fps with its gaps filled; or "
      "NAME.json, all points of every frame of the video, with its time (docs/keypoints.md)");
  cli.add_flag(
      "--lines", arguments.lines,
      "Instead print the points of each frame as a line of JSON, live (docs/live.md): from a "
      "camera, given by its number in place of the video, or from a video in real time");
  cli.add_option("--person", arguments.person,
                 "Which of several people, from 0, left to right; default: the one seen best")
      ->check(CLI::Range(0, 999));
  cli.add_option("--preview", arguments.preview,
                 "Also draw some frames: skeletons alone (.svg) or on the frames (.png); .mp4: "
                 "the same as --overlay");
  cli.add_option(
      "--overlay", arguments.overlay,
      "Also write the video with the skeleton drawn on it, filled-in joints hollow (.mp4). Each of "
      "several people gets a box with the number for --person");
  cli.add_option("--overlay-notes", arguments.notes,
                 "Notes (.mid, URMP Notes_*.txt or notes.csv) to scroll at the bottom of what is "
                 "drawn on the video");
  cli.add_option(
      "--keypoints", arguments.keypoints,
      "Only draw these keypoints, which have the times of the video's frames unless their file has "
      "its own; without a video, on a plain background");
  cli.add_option("--gaps", arguments.gaps, pose::kGapsHelp)->capture_default_str();
  cli.add_option("--device", arguments.compute.device,
                 "Device for the networks: auto, cpu, cuda or cuda:N")
      ->capture_default_str();
  cli.add_option("--threads", arguments.compute.threads,
                 "Threads for the networks; more than one only pays off on an idle machine")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  cli.add_flag("--force", arguments.force, "Overwrite existing files");
}

// Device, threads and memory of the networks. They allocate and free some megabytes hundreds of
// times per frame. By default glibc returns each block to the system, and getting it back takes a
// third of the time.
void set_up_networks(Arguments& arguments) {
  arguments.compute.device = vision::use_device(arguments.compute.device);
  vision::use_threads(arguments.compute.threads);
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 512 << 20);
}

void check_outputs(const Arguments& arguments) {
  const bool svg = !arguments.preview.empty() && !pose::is_drawn_on_film(arguments.preview);
  const bool drawn = !arguments.overlay.empty() || pose::is_drawn_on_film(arguments.preview);
  if (!arguments.notes.empty() && !drawn) {
    throw InputError(
        "--overlay-notes: expected --overlay or a .png or .mp4 --preview beside it, got none");
  }
  if (!arguments.keypoints.empty() && (!drawn || svg || !arguments.out.empty())) {
    throw InputError(
        "--keypoints: expected --overlay or a .png or .mp4 --preview beside it, and no --out");
  }
  if (arguments.keypoints.empty()) expect_extension("--out", arguments.out, {".npy", ".json"});
  if (!arguments.overlay.empty()) expect_extension("--overlay", arguments.overlay, {".mp4"});
  pose::check_preview_name(arguments.preview);
  for (const fs::path& output : {arguments.out, arguments.preview, arguments.overlay}) {
    if (output.empty()) continue;
    refuse_inputs(output, {arguments.film, arguments.keypoints, arguments.notes});
    refuse_overwrite(output, arguments.force);
    expect_writable(output);
  }
}

// Reports counts, gaps and what to do next.
void report(const Arguments& arguments, const video::FilmKeypoints& found,
            const pose::GapReport& gaps) {
  const vision::EstimatorCounts& counts = found.counts;
  const std::string& device = arguments.compute.device;
  log::debug(text(device, ": ", found.seconds_a_picture * 1000, " ms a picture, ",
                  counts.body_searches, " searches for the body, ", counts.palm_searches,
                  " for a palm"));
  Notices notices;
  append(notices, gaps.notices, arguments.film.string());
  say(notices);
  if (arguments.common.quiet) return;
  std::cout << printable_lines(gaps.text())
            << text(shown(arguments.out), ": ", counts.pictures, " frames in ",
                    human_duration(found.raw.times.back()), ", ", found.raw.width, "x",
                    found.raw.height, "; seen: body ", counts.bodies, ", right hand ",
                    counts.right_hands, ", left hand ", counts.left_hands,
                    device == "cpu" ? "" : "; on " + device, "\n");
}

int print_lines(Arguments& arguments) {
  if (!arguments.out.empty() || !arguments.preview.empty() || !arguments.overlay.empty()) {
    throw InputError(
        "--lines: expected no --out, --preview or --overlay beside it; leave them out");
  }
  set_up_networks(arguments);
  video::follow_camera(arguments.film.string(), {.networks = vision::networks_folder(),
                                                 .device = arguments.compute.device,
                                                 .person = arguments.person,
                                                 .line = [](std::string_view line) {
                                                   std::cout << line << '\n' << std::flush;
                                                   return std::cout.good();
                                                 }});
  std::cout.clear();  // unwritten output is tried once more, and reports its error
  throw_if_stopped_while("finding keypoints");
  return 0;
}

// Everything drawn on frames: --overlay, and --preview unless it is an SVG.
void draw(const Arguments& arguments, pose::RawPose filled) {
  const bool sheet = lower(arguments.preview.extension().string()) == ".png";
  const bool film = !sheet && pose::is_drawn_on_film(arguments.preview);
  if (arguments.overlay.empty() && !sheet && !film) return;
  const std::optional<fs::path> ground =
      arguments.film.empty() ? std::nullopt : std::optional(arguments.film);
  video::OverlayContent content{.filled = std::move(filled), .people = {}, .roll = {}};
  if (ground) {
    content.people =
        video::find_people(*ground, vision::networks_folder(), arguments.compute.device);
  }
  if (!arguments.notes.empty()) content.roll = video::read_roll(arguments.notes);
  if (sheet) video::make_sheet(ground, content, arguments.preview, arguments.force);
  if (film) video::make_overlay(ground, content, arguments.preview, arguments.force);
  if (!arguments.overlay.empty()) {
    video::make_overlay(ground, content, arguments.overlay, arguments.force);
  }
}

// Keypoints from a file, on the video's clock. Reports only what concerns their times: the rest was
// reported when they were made.
pose::RawPose read_keypoints(const Arguments& arguments) {
  pose::ReadPoseOptions read{.person = arguments.person};
  if (!arguments.film.empty()) {
    if (auto film = read_film(arguments.film)) {
      read.film = std::make_shared<const Film>(std::move(*film));
    }
  }
  pose::RawPose raw = pose::read_pose(arguments.keypoints, read);
  Notices notices;
  for (const Notice& notice : raw.notices) {
    if (notice.kind == NoticeKind::assumed_rate || notice.kind == NoticeKind::rate ||
        notice.kind == NoticeKind::film_times || notice.kind == NoticeKind::time_unit) {
      append(notices, {notice}, arguments.keypoints.string());
    }
  }
  say(notices);
  raw.notices.clear();
  return raw;
}

int draw_only(Arguments& arguments) {
  check_outputs(arguments);
  set_up_networks(arguments);
  pose::RawPose raw = read_keypoints(arguments);
  pose::prepare_found(raw, pose::kPoseFps, pose::parse_gap_rule(arguments.gaps));
  draw(arguments, std::move(raw));
  return 0;
}

int find(Arguments& arguments) {
  if (arguments.film.empty() && (arguments.lines || arguments.keypoints.empty())) {
    throw InputError("video: expected a video file, got none; see mi_prepare video --help");
  }
  if (arguments.lines) return print_lines(arguments);
  if (!arguments.keypoints.empty()) return draw_only(arguments);
  if (arguments.out.empty()) {
    throw InputError("--out: expected a file to write, got none; see mi_prepare video --help");
  }
  check_outputs(arguments);
  const pose::GapRule rule = pose::parse_gap_rule(arguments.gaps);
  set_up_networks(arguments);
  video::FilmKeypointOptions options{.networks = vision::networks_folder(),
                                     .device = arguments.compute.device,
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
  if (!arguments.preview.empty() && !pose::is_drawn_on_film(arguments.preview)) {
    save_file(arguments.preview,
              pose::draw_svg(pose, {.title = arguments.film.filename().string()}),
              {.replace = arguments.force});
  }
  draw(arguments, found.raw);
  report(arguments, found, gaps);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const app::Program program{.name = "mi_prepare",
                             .summary = "Find a player's keypoints in a video.",
                             .example =
                                 "mi_prepare video violin.mp4 -o violin.npy --preview "
                                 "violin.svg",
                             .read_error = app::read_torch_error,
                             .invocation = "mi_prepare video"};
  Arguments arguments;
  CLI::App cli;
  app::set_up(cli, program, arguments.common);
  cli.name("mi_prepare video");
  add_options(cli, arguments);
  return app::leave(
      app::run(cli, program, arguments.common, argc, argv, [&] { return find(arguments); }));
}
