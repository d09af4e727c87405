#include "video/drawing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <string>

#include "minet/core/text.hpp"
#include "minet/pose/gaps.hpp"

namespace minet::video {
namespace {

constexpr int kLeast = 160;  // pixels: in a smaller image, text would cover everything
const cv::Scalar kRight(216, 127, 47), kLeft(42, 120, 224), kMiddle(230, 230, 230);  // BGR
const cv::Scalar kFilled(170, 170, 170), kShade(20, 20, 20);
const cv::Scalar kPlayer(90, 220, 120);

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
  static constexpr float kFar = 30000;  // OpenCV's coordinates have 16 bits for whole pixels
  const auto at = [](float value) {
    return static_cast<int>(std::lround(std::clamp(value, -kFar, kFar)));
  };
  return {at(joint[0]), at(joint[1])};
}

double text_scale(const cv::Mat& picture) {
  return std::max(0.35, std::min(picture.cols, picture.rows) / 1100.0);
}

void write(cv::Mat& picture, const std::string& words, cv::Point at, double scale,
           const cv::Scalar& colour) {
  for (const bool shade : {true, false}) {
    cv::putText(picture, words, at, cv::FONT_HERSHEY_SIMPLEX, scale, shade ? kShade : colour,
                shade ? 3 : 1, cv::LINE_AA);
  }
}

}  // namespace

std::vector<float> joints_at(const pose::RawPose& pose, double time_s) {
  constexpr std::int64_t kValues = pose::kJoints * pose::kJointValues;
  constexpr double kSame = 1e-3;  // s: the resolution of container times
  const auto next =
      std::upper_bound(pose.times.begin(), pose.times.end(), time_s) - pose.times.begin();
  const std::int64_t after = std::min<std::int64_t>(next, pose.frames() - 1);
  const std::int64_t before = std::max<std::int64_t>(0, next - 1);
  const float *a = pose.joint(before, 0), *b = pose.joint(after, 0);
  const double from = pose.times[static_cast<std::size_t>(before)];
  const double step = pose.times[static_cast<std::size_t>(after)] - from;
  if (step <= 0 || time_s - from < kSame) return {a, a + kValues};
  if (from + step - time_s < kSame) return {b, b + kValues};
  const auto part = static_cast<float>((time_s - from) / step);
  std::vector<float> between(kValues);
  for (std::size_t i = 0; i < between.size(); ++i) {
    between[i] = i % 3 == 2 ? std::min(a[i], b[i]) : a[i] + part * (b[i] - a[i]);
  }
  return between;
}

int track_of(const std::vector<PersonTrack>& people, const pose::RawPose& filled) {
  int nearest = -1;
  double least = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < people.size(); ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < people[i].times.size(); ++k) {
      const auto joints = joints_at(filled, people[i].times[k]);
      sum += std::abs(people[i].places[k].x - joints[pose::kNeck * pose::kJointValues]);
    }
    const double mean = sum / std::max<double>(1, static_cast<double>(people[i].times.size()));
    if (people[i].times.empty() || mean >= least) continue;
    least = mean;
    nearest = static_cast<int>(i);
  }
  return nearest;
}

void draw_skeleton(cv::Mat& picture, const float* frame) {
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
  if (std::min(picture.cols, picture.rows) < kLeast) return;
  const double scale = text_scale(picture);
  const auto row = static_cast<int>(28 * scale) + 6;
  const std::array<std::pair<const char*, cv::Scalar>, 3> lines = {
      {{"right", kRight}, {"left", kLeft}, {"hollow: filled in", kFilled}}};
  int y = row;
  for (const auto& [word, colour] : lines) {
    write(picture, word, {8, y}, scale, colour);
    y += row;
  }
}

void draw_people(cv::Mat& picture, const std::vector<PersonTrack>& people, int player,
                 double time_s) {
  constexpr double kWide = 0.75;  // of the height, to include arms and an instrument
  const double scale = 1.6 * text_scale(picture);
  const int line = std::max(1, std::min(picture.cols, picture.rows) / 250);
  for (std::size_t i = 0; i < people.size(); ++i) {
    const auto person = people[i].at(time_s);
    if (!person) continue;
    const bool is_player = static_cast<int>(i) == player;
    const cv::Scalar colour = is_player ? kPlayer : kFilled;
    const cv::Rect inside(line, line, picture.cols - 2 * line, picture.rows - 2 * line);
    const cv::Rect box = cv::Rect(cv::Point(static_cast<int>(person->x - kWide * person->size),
                                            static_cast<int>(person->y - person->size)),
                                  cv::Point(static_cast<int>(person->x + kWide * person->size),
                                            static_cast<int>(person->y + person->size))) &
                         inside;
    if (box.empty()) continue;
    cv::rectangle(picture, box, kShade, line + 2);
    cv::rectangle(picture, box, colour, is_player ? line + 1 : line);
    const auto down = static_cast<int>(30 * scale);
    write(picture, text(i), {box.x + 4 * line, box.y + down}, scale, colour);
  }
}

}  // namespace minet::video
