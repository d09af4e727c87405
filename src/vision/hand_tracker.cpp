#include "vision/hand_tracker.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::vision {
namespace {

constexpr double kLeastHand = 0.5;        // no hand if the presence is at or below this
constexpr double kLeastVisibility = 0.1;  // of the wrist; below, its hand is not searched
constexpr int kSearchEvery = 5;           // frames: else a hidden hand costs a search in each
// Largest distance of a hand's wrist from the body's, in multiples of reach(): beyond, it is the
// other hand or another player's. Tracked hands may be a little farther away.
constexpr double kNear = 0.6, kStillNear = 0.9;

}  // namespace

HandNetworks::HandNetworks(const std::filesystem::path& networks, const at::Device& device)
    : hand(Network::load(networks / "hand_landmark_full.tflite", {0, 1}, device)),
      recrop(Network::load(networks / "hand_recrop.tflite", {}, device)),
      palms(networks, palm_detector(), device) {
  const auto points = hand.run(at::zeros(hand.input_shape()));
  const auto place = recrop.run(at::zeros(recrop.input_shape()));
  if (points[0].numel() != 3 * kHandPoints || points[1].numel() != 1 || place[0].numel() != 4) {
    throw InputError(text(networks.string(),
                          ": expected MediaPipe's networks for hands, got different ones; ",
                          "run scripts/setup.sh, which fetches them"));
  }
}

double HandTracker::reach(const Body& body) const {
  return std::max(distance(body[arm_.elbow], body[arm_.wrist]),
                  0.8 * distance(body[kRightArm.shoulder], body[kLeftArm.shoulder]));
}

bool HandTracker::at_wrist(const Hand& hand, const Body& body, double share) const {
  return distance(hand.points[0], body[arm_.wrist]) <= share * reach(body);
}

std::optional<Hand> HandTracker::look_at(const Picture& picture, const Region& region) const {
  const std::int64_t size = networks_->hand.input_shape()[1];
  if (!(region.width >= 1)) return std::nullopt;
  const auto out = networks_->hand.run(crop(picture, region, size, Border::replicate));
  Hand hand;
  hand.presence = out[1].const_data_ptr<float>()[0];
  if (!(hand.presence > kLeastHand)) return std::nullopt;
  const float* const values = out[0].const_data_ptr<float>();
  const double scale = static_cast<double>(size);
  for (std::size_t i = 0; i < hand.points.size(); ++i) {
    hand.points[i] = to_picture(region, values[3 * i] / scale, values[3 * i + 1] / scale);
    if (!std::isfinite(hand.points[i].x) || !std::isfinite(hand.points[i].y)) return std::nullopt;
  }
  return hand;
}

// From the body's wrist and finger points, refined by the recrop network.
std::optional<Region> HandTracker::suggested(const Picture& picture, const Body& body) const {
  const BodyPoint &wrist = body[arm_.wrist], &index = body[arm_.index], &little = body[arm_.little];
  const Point middle = {(2 * index.x + little.x) / 3, (2 * index.y + little.y) / 3};
  Region rough = region_along(middle, wrist);
  rough.turn = turn_of(wrist, middle);
  rough = transformed(rough, -0.1, 2.7);
  if (!(rough.width >= 1)) return std::nullopt;
  const std::int64_t size = networks_->recrop.input_shape()[1];
  const auto out = networks_->recrop.run(crop(picture, rough, size, Border::replicate));
  const float* const value = out[0].const_data_ptr<float>();
  const double scale = static_cast<double>(size);
  const Point center = to_picture(rough, value[0] / scale, value[1] / scale);
  const Point end = to_picture(rough, value[2] / scale, value[3] / scale);
  if (!std::isfinite(center.x + center.y + end.x + end.y)) return std::nullopt;
  return transformed(region_along(center, end, true), -0.1, 1);
}

std::optional<Hand> HandTracker::search(const Picture& picture, const Body& body) {
  ++searches_;
  const BodyPoint &wrist = body[arm_.wrist], &elbow = body[arm_.elbow];
  const Point center = {wrist.x + 0.35 * (wrist.x - elbow.x), wrist.y + 0.35 * (wrist.y - elbow.y)};
  const double side = 2.2 * reach(body);
  if (!(side >= 1)) return std::nullopt;
  const auto palms = networks_->palms.find(picture, {center, side, side, 0});
  constexpr std::size_t kMost = 2;  // examined
  for (std::size_t i = 0; i < std::min(kMost, palms.size()); ++i) {
    const Detection& palm = palms[i];
    const Region box = {{(palm.left + palm.right) / 2, (palm.top + palm.bottom) / 2},
                        palm.right - palm.left,
                        palm.bottom - palm.top,
                        turn_of(palm.points[0], palm.points[2])};
    const auto hand = look_at(picture, transformed(box, -0.5, 2.6));
    if (hand && at_wrist(*hand, body, kNear)) return hand;
  }
  return std::nullopt;
}

const std::optional<Hand>& HandTracker::look(const Picture& picture, const Body& body) {
  wait_ = std::max(wait_ - 1, 0);
  if (hand_) {
    hand_ = look_at(picture, transformed(region_of_hand(*hand_), -0.1, 2));
    if (hand_ && at_wrist(*hand_, body, kStillNear)) return hand_;
  }
  hand_.reset();
  if (!(body[arm_.wrist].visibility > kLeastVisibility)) return hand_;
  if (const auto region = suggested(picture, body)) {
    hand_ = look_at(picture, *region);
    if (hand_ && at_wrist(*hand_, body, kNear)) return hand_;
    hand_.reset();
  }
  if (wait_ > 0) return hand_;
  hand_ = search(picture, body);
  if (!hand_) wait_ = kSearchEvery;
  return hand_;
}

}  // namespace minet::vision
