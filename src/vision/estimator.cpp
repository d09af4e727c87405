#include "minet/vision/estimator.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "minet/models/device.hpp"
#include "minet/models/precision.hpp"
#include "vision/body_tracker.hpp"
#include "vision/hand_tracker.hpp"

namespace minet::vision {
namespace {

// Whether two trackers follow one hand: their points are within a quarter of its palm's length.
bool same_hand(const Hand& a, const Hand& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.points.size(); ++i) sum += distance(a.points[i], b.points[i]);
  return sum / kHandPoints < 0.25 * distance(a.points[0], a.points[9]);
}

}  // namespace

struct Estimator::State {
  State(const std::filesystem::path& networks, const at::Device& device)
      : body(networks, device),
        hands(networks, device),
        right(hands, kRightArm),
        left(hands, kLeftArm) {}

  BodyTracker body;
  HandNetworks hands;
  HandTracker right, left;
  EstimatorCounts counts;
};

Estimator::Estimator(const std::filesystem::path& networks, const std::string& device)
    : state_(std::make_unique<State>(networks, models::select_device(device))) {}
Estimator::~Estimator() = default;
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;

std::vector<Person> Estimator::find_people(const Picture& picture) const {
  std::vector<Person> people;
  for (const Detection& one : state_->body.detect_all(picture)) {
    people.push_back({one.points[0], distance(one.points[0], one.points[1])});
  }
  std::sort(people.begin(), people.end(),
            [](const Person& a, const Person& b) { return a.x < b.x; });
  return people;
}

void Estimator::follow(Point hips) {
  state_->body.follow(hips);
  state_->right.forget();
  state_->left.forget();
}

void Estimator::keep_player() {
  state_->body.keep_player();
}

std::optional<Player> Estimator::look(const Picture& picture, double time_s) {
  State& state = *state_;
  ++state.counts.pictures;
  const auto body = state.body.look(picture, time_s);
  state.counts.body_searches = state.body.searches();
  if (!body) {
    state.right.forget();
    state.left.forget();
    return std::nullopt;
  }
  Player player{*body, state.right.look(picture, *body), state.left.look(picture, *body)};
  if (player.right && player.left && same_hand(*player.right, *player.left)) {
    const bool is_right = distance(player.right->points[0], (*body)[kRightArm.wrist]) <
                          distance(player.left->points[0], (*body)[kLeftArm.wrist]);
    (is_right ? player.left : player.right).reset();
    (is_right ? state.left : state.right).forget();
  }
  ++state.counts.bodies;
  state.counts.right_hands += player.right.has_value();
  state.counts.left_hands += player.left.has_value();
  state.counts.palm_searches = state.right.searches() + state.left.searches();
  return player;
}

const EstimatorCounts& Estimator::counts() const {
  return state_->counts;
}

void use_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
}

std::string use_device(const std::string& name) {
  const at::Device device = models::select_device(name);
  models::use_precision(config::Precision::float32, device);
  return device.str();
}

Joints joints_of(const Player& player, int width, int height) {
  Joints joints{};
  const auto set = [&](int joint, Point point, double confidence) {
    float* const out = joints.data() + static_cast<std::size_t>(joint * pose::kJointValues);
    const bool inside = point.x >= 0 && point.y >= 0 && point.x <= width && point.y <= height;
    out[0] = static_cast<float>(point.x);
    out[1] = static_cast<float>(point.y);
    out[2] = inside ? static_cast<float>(std::clamp(confidence, 0.0, 1.0)) : 0.0F;
  };
  const auto body = [&](int joint, std::size_t point) {
    set(joint, player.body[point], player.body[point].visibility);
  };
  const BodyPoint &right = player.body[kRightArm.shoulder], &left = player.body[kLeftArm.shoulder];
  set(pose::kNeck, {(right.x + left.x) / 2, (right.y + left.y) / 2},
      std::min(right.visibility, left.visibility));
  body(pose::kRightShoulder, kRightArm.shoulder);
  body(pose::kRightElbow, kRightArm.elbow);
  body(pose::kRightWrist, kRightArm.wrist);
  body(pose::kLeftShoulder, kLeftArm.shoulder);
  body(pose::kLeftElbow, kLeftArm.elbow);
  body(pose::kLeftWrist, kLeftArm.wrist);
  const auto fingers = [&](int first, const std::optional<Hand>& hand) {
    if (!hand) return;
    for (int i = 0; i < pose::kHandJoints; ++i) {
      set(first + i, hand->points[static_cast<std::size_t>(i + 1)], hand->presence);
    }
  };
  fingers(pose::kRightHand, player.right);
  fingers(pose::kLeftHand, player.left);
  return joints;
}

}  // namespace minet::vision
