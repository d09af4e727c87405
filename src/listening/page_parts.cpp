#include "listening/page_parts.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "minet/core/text.hpp"
#include "minet/pose/skeleton.hpp"

namespace minet::listening {

using Json = nlohmann::ordered_json;

namespace {

constexpr double kBox = 1000;

}  // namespace

Json movements(const at::Tensor& poses) {
  const at::Tensor points = poses.reshape({poses.size(0), pose::kJoints, 2}).contiguous();
  const at::Tensor low = points.amin({0, 1}), high = points.amax({0, 1});
  const double size = std::max(1e-6, (high - low).max().item<double>());
  const at::Tensor middle = (low + high) / 2;
  const at::Tensor placed =
      (((points - middle) / size + 0.5) * kBox).round().to(at::kLong).reshape({poses.size(0), -1});
  Json frames = Json::array();
  for (std::int64_t i = 0; i < placed.size(0); ++i) {
    const std::int64_t* row = placed.const_data_ptr<std::int64_t>() + i * placed.size(1);
    frames.push_back(std::vector<std::int64_t>(row, row + placed.size(1)));
  }
  return frames;
}

Json bones() {
  Json result = Json::array();
  for (const auto& [from, to] : pose::kEdges) {
    const pose::JointGroup group = pose::kSkeleton[static_cast<std::size_t>(to)].group;
    const bool right =
        group == pose::JointGroup::right_arm || group == pose::JointGroup::right_hand;
    const bool hand = group == pose::JointGroup::right_hand || group == pose::JointGroup::left_hand;
    result.push_back({from, to, right ? "r" : "l", hand});
  }
  return result;
}

void put(std::string& page, std::string_view mark, std::string_view content) {
  std::size_t at = page.find(mark);
  if (at == std::string::npos) throw std::logic_error(text("the page lacks ", mark));
  for (; at != std::string::npos; at = page.find(mark, at + content.size())) {
    page.replace(at, mark.size(), content);
  }
}

std::string for_script(const Json& json) {
  std::string result;
  for (const char c : json.dump()) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace minet::listening
