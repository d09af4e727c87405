// Tracks one player's body from frame to frame: found by the detector, then followed in the
// region where it was.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "minet/vision/network.hpp"
#include "vision/detector.hpp"
#include "vision/filters.hpp"
#include "vision/region.hpp"

namespace minet::vision {

using Body = std::array<BodyPoint, kBodyPoints>;

class BodyTracker {
 public:
  BodyTracker(const std::filesystem::path& networks, const at::Device& device);
  std::vector<Detection> detect(const Picture& picture) const;      // in the whole image
  std::vector<Detection> detect_all(const Picture& picture) const;  // several people
  void follow(Point hips);
  void keep_player() { keep_ = true; }
  std::optional<Body> look(const Picture& picture, double time_s);
  std::int64_t searches() const { return searches_; }

 private:
  // Besides the body's 33 points: the middle of the hips, and a point for size and direction.
  static constexpr std::size_t kAll = 35, kHips = 33, kSize = 34;
  using Points = std::array<BodyPoint, kAll>;

  std::optional<Region> search(const Picture& picture, double time_s);
  std::optional<Points> look_at(const Picture& picture, const Region& region) const;
  void smooth(Points& points, double time_s);
  void forget();

  Detector detector_;
  Network network_;
  std::optional<Region> region_;  // where to look next
  std::optional<Point> hips_;     // of the player to follow, where they were seen last
  double seen_s_ = 0;             // when that was
  bool keep_ = false;             // never takes anybody else
  std::optional<double> last_time_;
  std::vector<LowPass> visibilities_;
  std::vector<OneEuro> x_, y_;
  std::int64_t searches_ = 0;
};

}  // namespace minet::vision
