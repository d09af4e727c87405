#include "minet/video/overlay.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/process.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/pose/gaps.hpp"
#include "minet/video/frame_reader.hpp"
#include "video/film_writer.hpp"

namespace minet::video {
namespace fs = std::filesystem;
namespace {

const cv::Scalar kRight(216, 127, 47), kLeft(42, 120, 224), kMiddle(230, 230, 230);  // BGR
const cv::Scalar kFilled(170, 170, 170), kShade(20, 20, 20);

cv::Scalar colour_of(int joint) {
  switch (pose::kSkeleton[static_cast<std::size_t>(joint)].group) {
    case pose::JointGroup::right_arm:
    case pose::JointGroup::right_hand:
      return kRight;
    case pose::JointGroup::left_arm:
    case pose::JointGroup::left_hand:
      return kLeft;
    case pose::JointGroup::neck:
      break;
  }
  return kMiddle;
}

cv::Point place_of(const float* joint) {
  static constexpr float kFar = 30000;  // OpenCV draws in 32 bits, 16 of them whole pixels
  const auto at = [](float value) {
    return static_cast<int>(std::lround(std::clamp(value, -kFar, kFar)));
  };
  return {at(joint[0]), at(joint[1])};
}

// `frame`: [47, 3]. Sizes grow with the picture.
void draw(cv::Mat& picture, const float* frame) {
  const double side = std::min(picture.cols, picture.rows);
  const int bone = std::max(1, static_cast<int>(std::lround(side / 200)));
  const auto joint_of = [&](int joint) { return frame + joint * pose::kJointValues; };
  const auto seen = [&](int joint) { return joint_of(joint)[2] > pose::kGapConfidence; };
  for (const auto& [parent, joint] : pose::kEdges) {
    const bool both = seen(parent) && seen(joint);
    const cv::Point from = place_of(joint_of(parent)), to = place_of(joint_of(joint));
    const int width = both && joint < pose::kRightHand ? bone + 1 : bone;
    cv::line(picture, from, to, kShade, width + 2, cv::LINE_AA);
    cv::line(picture, from, to, both ? colour_of(joint) : kFilled, both ? width : 1, cv::LINE_AA);
  }
  for (int joint = 0; joint < pose::kJoints; ++joint) {
    const int radius = joint < pose::kRightHand ? 2 * bone + 1 : bone + 1;
    cv::circle(picture, place_of(joint_of(joint)), radius, seen(joint) ? colour_of(joint) : kFilled,
               seen(joint) ? cv::FILLED : 1, cv::LINE_AA);
  }
}

void draw_legend(cv::Mat& picture) {
  constexpr int kLeast = 160;  // pixels: on a smaller picture there would be nothing else
  if (std::min(picture.cols, picture.rows) < kLeast) return;
  const double scale = std::max(0.35, std::min(picture.cols, picture.rows) / 1100.0);
  const auto row = static_cast<int>(28 * scale) + 6;
  const std::array<std::pair<const char*, cv::Scalar>, 3> lines = {
      {{"right", kRight}, {"left", kLeft}, {"hollow: filled in", kFilled}}};
  int y = row;
  for (const auto& [word, colour] : lines) {
    for (const bool shade : {true, false}) {
      cv::putText(picture, word, {8, y}, cv::FONT_HERSHEY_SIMPLEX, scale, shade ? kShade : colour,
                  shade ? 3 : 1, cv::LINE_AA);
    }
    y += row;
  }
}

// 30000/1001 for 29.97003, so that no rounding adds up.
std::string exact_rate(double rate) {
  for (const int base : {1, 1001}) {
    const double whole = base == 1 ? rate : rate * base / 1000;
    if (std::abs(whole - std::round(whole)) < 1e-3) {
      return base == 1 ? text(std::lround(whole)) : text(1000 * std::lround(whole), "/1001");
    }
  }
  return to_text(rate);
}

// The silent film's pictures as H.264, with the sound of `film` where it has any.
void add_sound(const fs::path& silent, double rate, const fs::path& film, const fs::path& output) {
  const auto ffmpeg = find_program("ffmpeg");
  if (!ffmpeg) throw WorkError("expected the program ffmpeg, which writes films; install ffmpeg");
  std::vector<std::string> command = {*ffmpeg, "-nostdin", "-hide_banner",  "-loglevel",
                                      "error", "-r",       exact_rate(rate)};
  for (const fs::path& input : {silent, film}) {
    for (std::string& word : ffmpeg_input(input)) command.push_back(std::move(word));
  }
  for (const char* word :
       {"-map", "0:v:0", "-map", "1:a:0?", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart", "-n"}) {
    command.emplace_back(word);
  }
  command.push_back("file:" + fs::absolute(output).string());
  const ProcessResult result = run_process(command, 4 * 3600);
  if (result.exit_code != 0) {
    throw WorkError(text(shown(output), ": ffmpeg could not write the film (",
                         printable(trim(result.error_output)), "); choose a name in .mp4"));
  }
}

void draw_all(FrameReader& reader, const pose::RawPose& filled, FilmWriter& writer, cv::Size size) {
  Progress progress("overlay", filled.frames(), "pictures");
  Frame frame;
  cv::Mat picture;
  while (reader.next(frame)) {
    throw_if_stopped_while("drawing on the film");
    const cv::Mat rgb(frame.picture.height, frame.picture.width, CV_8UC3,
                      const_cast<std::uint8_t*>(frame.picture.rgb), frame.picture.stride);
    cv::cvtColor(rgb(cv::Rect({0, 0}, size)), picture, cv::COLOR_RGB2BGR);
    if (frame.index < filled.frames()) draw(picture, filled.joint(frame.index, 0));
    draw_legend(picture);
    writer.add(picture, frame.time_s);
    progress.update(frame.index + 1);
  }
  progress.finish();
}

}  // namespace

void make_overlay(const fs::path& film, const pose::RawPose& filled, const fs::path& output,
                  bool replace) {
  FrameReader reader(film);
  const cv::Size size(reader.width() & ~1, reader.height() & ~1);  // H.264 wants even sides
  save_file_by(
      output,
      [&](const fs::path& into) {
        const fs::path silent = into.parent_path() / "silent.mp4";
        FilmWriter writer(silent, reader.film(), size);
        draw_all(reader, filled, writer, size);
        writer.finish();
        add_sound(silent, writer.rate(), film, into);
      },
      replace);
}

}  // namespace minet::video
