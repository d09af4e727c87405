#include "minet/video/overlay.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/png.hpp"
#include "minet/core/process.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/pose/prepare.hpp"
#include "minet/video/frame_reader.hpp"
#include "video/drawing.hpp"
#include "video/film_writer.hpp"

namespace minet::video {
namespace fs = std::filesystem;
namespace {

// 30000/1001 for 29.97003, so that rounding errors do not add up.
std::string exact_rate(double rate) {
  for (const int base : {1, 1001}) {
    const double whole = base == 1 ? rate : rate * base / 1000;
    if (std::abs(whole - std::round(whole)) < 1e-3) {
      return base == 1 ? text(std::lround(whole)) : text(1000 * std::lround(whole), "/1001");
    }
  }
  return to_text(rate);
}

// Writes the silent video's frames as H.264, with the sound of `film` if there is any.
void add_sound(const fs::path& silent, double rate, const std::optional<fs::path>& film,
               const fs::path& output) {
  std::vector<std::string> command = {require_ffmpeg(), "-nostdin", "-hide_banner",  "-loglevel",
                                      "error",          "-r",       exact_rate(rate)};
  const std::vector<std::string> pictures = ffmpeg_input(silent);
  for (const auto& input : {pictures, film ? ffmpeg_input_from_start(*film) : pictures}) {
    command.insert(command.end(), input.begin(), input.end());
  }
  for (const char* word :
       {"-map", "0:v:0", "-map", "1:a:0?", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart", "-n"}) {
    command.emplace_back(word);
  }
  command.push_back("file:" + fs::absolute(output).string());
  const ProcessResult result = run_process(command, kFilmSeconds);
  if (result.exit_code != 0) {
    throw WorkError(text(shown(output), ": ffmpeg could not write the video (",
                         printable(trim(result.error_output)), "); choose a name in .mp4"));
  }
}

constexpr int kPlainWidth = 640, kPlainHeight = 480;
const cv::Scalar kPlain(44, 40, 38);

// Frames to draw on, and the keypoints in them: a video's, or a plain background that the player's
// movements fill.
class Ground {
 public:
  using Each = std::function<void(cv::Mat&, std::int64_t index, double time_s)>;

  Ground(const std::optional<fs::path>& path, OverlayContent content)
      : path_(path), content_(std::move(content)) {
    if (path) {
      const FrameReader reader(*path);
      size_ = {reader.width() & ~1, reader.height() & ~1};  // H.264 needs even sides
      film_ = reader.film();
    } else {
      size_ = {kPlainWidth, kPlainHeight};
      film_.times = content_.filled.times;
      film_.seconds = film_.times.back() + 1 / pose::kPoseFps;
      fit();
    }
    player_ = track_of(content_.people, content_.filled);
  }

  const Film& film() const { return film_; }
  cv::Size size() const { return size_; }

  // Visits the `wanted` frames, with everything drawn on them, in order.
  void visit(const std::function<bool(std::int64_t)>& wanted, const Each& each) const {
    cv::Mat picture;
    const auto give = [&](std::int64_t index, double time_s) {
      draw_skeleton(picture, joints_at(content_.filled, time_s).data());
      draw_people(picture, content_.people, player_, time_s);
      draw_legend(picture);
      draw_roll(picture, content_.roll, time_s);
      each(picture, index, time_s);
    };
    if (!path_) {
      for (std::size_t i = 0; i < film_.times.size(); ++i) {
        if (!wanted(static_cast<std::int64_t>(i))) continue;
        picture = cv::Mat(size_, CV_8UC3, kPlain);
        give(static_cast<std::int64_t>(i), film_.times[i]);
      }
      return;
    }
    FrameReader reader(*path_);
    Frame frame;
    while (reader.next(frame)) {
      if (!wanted(frame.index)) continue;
      const cv::Mat rgb(frame.picture.height, frame.picture.width, CV_8UC3,
                        const_cast<std::uint8_t*>(frame.picture.rgb), frame.picture.stride);
      cv::cvtColor(rgb(cv::Rect({0, 0}, size_)), picture, cv::COLOR_RGB2BGR);
      give(frame.index, frame.time_s);
    }
  }

 private:
  // Fits the box of 99 % of the coordinates into the image, so that stray joints do not matter.
  void fit() {
    pose::RawPose& pose = content_.filled;
    std::array<double, 2> least{}, most{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      std::vector<float> values;
      for (std::size_t i = axis; i < pose.data.size(); i += 3) values.push_back(pose.data[i]);
      std::sort(values.begin(), values.end());
      least[axis] = values[values.size() / 200];
      most[axis] = values[values.size() - 1 - values.size() / 200];
    }
    constexpr double kRoom = 0.85;
    const double scale = kRoom * std::min(size_.width / std::max(1e-9, most[0] - least[0]),
                                          size_.height / std::max(1e-9, most[1] - least[1]));
    const std::array<double, 2> middle = {size_.width / 2.0, size_.height / 2.0};
    for (std::size_t i = 0; i < pose.data.size(); ++i) {
      const std::size_t axis = i % 3;
      if (axis == 2) continue;
      pose.data[i] = static_cast<float>(middle[axis] +
                                        scale * (pose.data[i] - (least[axis] + most[axis]) / 2));
    }
  }

  std::optional<fs::path> path_;
  OverlayContent content_;
  Film film_;
  cv::Size size_;
  int player_ = -1;
};

void check_times(const OverlayContent& content) {
  if (content.filled.times.empty()) {
    throw InputError("expected keypoints to draw, got none");
  }
}

}  // namespace

void make_overlay(const std::optional<fs::path>& film, const OverlayContent& content,
                  const fs::path& output, bool replace) {
  check_times(content);
  const Ground ground(film, content);
  save_file_by(
      output,
      [&](const fs::path& into) {
        const fs::path silent = into.parent_path() / "silent.mp4";
        FilmWriter writer(silent, ground.film(), ground.size());
        const auto pictures = static_cast<std::int64_t>(ground.film().times.size());
        Progress progress("overlay", pictures, "frames");
        ground.visit([](std::int64_t) { return true; },
                     [&](cv::Mat& picture, std::int64_t index, double time_s) {
                       throw_if_stopped_while("drawing on the video");
                       writer.add(picture, time_s);
                       progress.update(index + 1);
                     });
        progress.finish();
        writer.finish();
        add_sound(silent, writer.rate(), film, into);
      },
      replace);
}

void make_sheet(const std::optional<fs::path>& film, const OverlayContent& content,
                const fs::path& output, bool replace) {
  constexpr std::int64_t kPictures = 6, kColumns = 3;
  constexpr int kLongSide = 420, kGap = 6;
  check_times(content);
  const Ground ground(film, content);
  const cv::Size size = ground.size();
  const double scale =
      std::min(1.0, kLongSide / static_cast<double>(std::max(size.width, size.height)));
  const cv::Size cell(std::max(1, static_cast<int>(size.width * scale)),
                      std::max(1, static_cast<int>(size.height * scale)));
  const auto frames = static_cast<std::int64_t>(ground.film().times.size());
  const std::int64_t count = std::min(kPictures, frames), columns = std::min(kColumns, count);
  const std::int64_t rows = (count + columns - 1) / columns;
  cv::Mat sheet(static_cast<int>(rows) * (cell.height + kGap) - kGap,
                static_cast<int>(columns) * (cell.width + kGap) - kGap, CV_8UC3,
                cv::Scalar(255, 255, 255));
  std::int64_t done = 0;
  ground.visit([&](std::int64_t index) { return done < count && index == frames * done / count; },
               [&](cv::Mat& picture, std::int64_t, double) {
                 const cv::Point at(static_cast<int>(done % columns) * (cell.width + kGap),
                                    static_cast<int>(done / columns) * (cell.height + kGap));
                 cv::Mat place = sheet(cv::Rect(at, cell));
                 cv::resize(picture, place, cell, 0, 0, cv::INTER_AREA);
                 ++done;
               });
  cv::cvtColor(sheet, sheet, cv::COLOR_BGR2RGB);
  save_file(output,
            png_bytes({sheet.data, sheet.total() * sheet.elemSize()}, sheet.cols, sheet.rows),
            {.replace = replace});
}

}  // namespace minet::video
