// Tracks one hand of a player. It is looked for, in this order, where it was in the last frame,
// where the body's network suggests it, and where the palm detector finds it around the wrist.
// MediaPipe lacks the third, and loses a violinist's left hand in more than half of the frames.
#pragma once

#include <array>
#include <filesystem>
#include <optional>

#include "minet/vision/network.hpp"
#include "vision/body_tracker.hpp"
#include "vision/detector.hpp"
#include "vision/region.hpp"

namespace minet::vision {

// Shared by both hands of all players.
struct HandNetworks {
  HandNetworks(const std::filesystem::path& networks, const at::Device& device);
  Network hand, recrop;
  Detector palms;
};

// The body points of one arm, as BlazePose numbers them.
struct Arm {
  std::size_t shoulder, elbow, wrist, little, index;
};
inline constexpr Arm kRightArm = {12, 14, 16, 18, 20}, kLeftArm = {11, 13, 15, 17, 19};

class HandTracker {
 public:
  HandTracker(const HandNetworks& networks, const Arm& arm) : networks_(&networks), arm_(arm) {}
  const std::optional<Hand>& look(const Picture& picture, const Body& body);
  void forget() { hand_.reset(); }
  std::int64_t searches() const { return searches_; }

 private:
  std::optional<Hand> look_at(const Picture& picture, const Region& region) const;
  std::optional<Region> suggested(const Picture& picture, const Body& body) const;
  std::optional<Hand> search(const Picture& picture, const Body& body);
  bool at_wrist(const Hand& hand, const Body& body, double share) const;
  double reach(const Body& body) const;

  const HandNetworks* networks_;
  Arm arm_;
  std::optional<Hand> hand_;
  int wait_ = 0;  // frames until the next search
  std::int64_t searches_ = 0;
};

}  // namespace minet::vision
