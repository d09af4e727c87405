// Finds a player's keypoints in the frames of a video with the networks of MediaPipe Holistic,
// used in the same way (github:google-ai-edge/mediapipe, modules/holistic_landmark, Apache-2.0),
// with one addition of ours: a lost hand is searched for with the palm detector around the
// wrist.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "minet/core/picture.hpp"
#include "minet/pose/skeleton.hpp"

namespace minet::vision {

inline constexpr int kBodyPoints = 33, kHandPoints = 21;

struct Point {
  double x = 0, y = 0;  // pixels, from the image's upper left corner, y downwards
};

// A person in an image: the middle of their hips, and the radius of a circle around it that
// contains their body.
struct Person : Point {
  double size = 0;
};

struct BodyPoint : Point {
  double visibility = 0;  // 0..1
};

struct Hand {
  std::array<Point, kHandPoints> points;  // 0: the wrist, then four for each finger
  double presence = 0;                    // 0..1: probability that there is a hand
};

// Left and right are the player's own.
struct Player {
  std::array<BodyPoint, kBodyPoints> body;  // in the order of MediaPipe's BlazePose
  std::optional<Hand> right, left;
};

// Counts of the work done, for tuning.
struct EstimatorCounts {
  std::int64_t pictures = 0, bodies = 0, right_hands = 0, left_hands = 0;
  std::int64_t body_searches = 0, palm_searches = 0;
};

// Follows one player from frame to frame. If lost, they are searched for near where they were, and
// after 2 s in the whole image.
class Estimator {
 public:
  // `networks`: the folder with the five .tflite files. `device`: where they run, as for
  // select_device (models/device.hpp). InputError if a file is missing or damaged, or there is no
  // such device.
  explicit Estimator(const std::filesystem::path& networks, const std::string& device = "cpu");
  ~Estimator();
  Estimator(Estimator&&) noexcept;
  Estimator& operator=(Estimator&&) noexcept;

  // The people in an image, from left to right.
  std::vector<Person> find_people(const Picture& picture) const;
  // Follows the person nearest to this point in the next frame, and nobody else. Without it: the
  // one seen best.
  void follow(Point hips);
  // A lost player is searched for near where they were however long that takes: for images with
  // several people.
  void keep_player();

  // `time_s` must increase from frame to frame. nullopt: nobody is seen.
  std::optional<Player> look(const Picture& picture, double time_s);

  const EstimatorCounts& counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// For the networks of this process; 0: LibTorch's default. One is best: more gain little, and they
// wait by spinning, which takes a hundred times as long on a busy machine.
void use_threads(int threads);

// Selects where the networks of this process run: "auto", "cpu", "cuda" or "cuda:N" -> "cpu" or
// "cuda:N". On a GPU the whole process computes in full float32 from then on, because TF32's
// rounding would move points. InputError as for select_device.
std::string use_device(const std::string& name);

// The 47 joints: x, y, confidence. The confidence is the body point's visibility or the hand's
// presence, and 0 outside the image, where the networks guess. Wrists are the body's: a hand's
// own would jump whenever the hand is found or lost.
using Joints = std::array<float, pose::kJoints * pose::kJointValues>;
Joints joints_of(const Player& player, int width, int height);

}  // namespace minet::vision
