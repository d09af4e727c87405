#include "minet/video/holistic_json.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "minet/core/text.hpp"
#include "video/holistic_frame.hpp"

namespace minet::video {
namespace {

// In fractions of the image. Points outside it are guesses and get confidence 0.
std::string point_of(const vision::Point& point, double confidence, const Picture& picture) {
  const double x = point.x / picture.width, y = point.y / picture.height;
  const bool inside = x >= 0 && y >= 0 && x <= 1 && y <= 1;
  std::array<char, 96> out;
  const int size = std::snprintf(out.data(), out.size(), "[%.6f,%.6f,%.4f]", x, y,
                                 inside ? std::clamp(confidence, 0.0, 1.0) : 0.0);
  return {out.data(), static_cast<std::size_t>(std::clamp(size, 0, 95))};
}

std::string hand_of(const std::optional<vision::Hand>& hand, const Picture& picture) {
  std::string out = "[";
  if (hand) {
    for (const vision::Point& point : hand->points) {
      if (out.size() > 1) out += ',';
      out += point_of(point, hand->presence, picture);
    }
  }
  return out + "]";
}

}  // namespace

std::string holistic_members(const Frame& frame, const std::optional<vision::Player>& player) {
  std::string body = "[";
  if (player) {
    for (const vision::BodyPoint& point : player->body) {
      if (body.size() > 1) body += ',';
      body += point_of(point, point.visibility, frame.picture);
    }
  }
  return text(R"("frame":)", frame.index, R"(,"time_s":)", to_text(frame.time_s), R"(,"pose":)",
              body, "]", R"(,"left_hand":)",
              hand_of(player ? player->left : std::nullopt, frame.picture), R"(,"right_hand":)",
              hand_of(player ? player->right : std::nullopt, frame.picture));
}

std::string holistic_line(const Frame& frame, const std::optional<vision::Player>& player) {
  return text(R"({"width":)", frame.picture.width, R"(,"height":)", frame.picture.height, ",",
              holistic_members(frame, player), "}");
}

HolisticJson::HolisticJson(const std::filesystem::path& path, bool replace)
    : writer_(path, {.replace = replace}) {}

void HolisticJson::add(const Frame& frame, const std::optional<vision::Player>& player) {
  const Picture& picture = frame.picture;
  if (first_) {
    writer_.write(text(R"({"format":"mediapipe-holistic","version":1,"width":)", picture.width,
                       R"(,"height":)", picture.height, R"(,"frames":[)", "\n"));
  } else {
    writer_.write(std::string_view(",\n"));
  }
  first_ = false;
  writer_.write(text("{", holistic_members(frame, player), "}"));
}

void HolisticJson::commit() {
  writer_.write(std::string_view("\n]}\n"));
  writer_.commit();
}

}  // namespace minet::video
