// The SVG preview: well-formed, small, everything inside, gaps hollow.
#include "minet/pose/draw.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "minet/pose/prepare.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

PoseSequence waving(std::int64_t frames) {
  PoseSequence pose{.fps = 25,
                    .frames = frames,
                    .data = std::vector<float>(static_cast<std::size_t>(frames) * 141, 0.0F)};
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    for (int joint = 0; joint < kJoints; ++joint) {
      set(pose.joint(frame, joint), 640 + 7 * joint + static_cast<double>(frame),
          360 + 5 * ((joint * 13) % 47), 1);
    }
  }
  return pose;
}

std::size_t count(const std::string& svg, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) {
    ++found;
  }
  return found;
}

// Every tag is closed in order, and no text holds a bare '<' or '&'.
void expect_well_formed(const std::string& svg) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z]+)((?: [A-Za-z:-]+=\"[^\"<]*\")*)(/?)>");
  std::string rest = svg;
  std::smatch match;
  while (std::regex_search(rest, match, tag)) {
    EXPECT_EQ(match.prefix().str().find('<'), std::string::npos) << match.prefix();
    if (match[1] == "/") {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(open.back(), match[2]);
      open.pop_back();
    } else if (match[4] != "/") {
      open.push_back(match[2]);
    }
    rest = match.suffix();
  }
  EXPECT_TRUE(open.empty());
  EXPECT_EQ(rest.find('<'), std::string::npos);
  EXPECT_FALSE(std::regex_search(svg, std::regex("&(?!(amp|lt|gt|quot);)")));
}

TEST(DrawSvg, IsWellFormedAndSmall) {
  const std::string svg = draw_svg(waving(100), {.title = "Violin <1> & \"2\"\x1b"});
  expect_well_formed(svg);
  EXPECT_LT(svg.size(), 30000U);
  EXPECT_NE(svg.find("<title>Violin &lt;1&gt; &amp; &quot;2&quot;\\x1b</title>"),
            std::string::npos);
}

TEST(DrawSvg, ShowsEvenlySpacedFramesWithTheirTimes) {
  const std::string svg = draw_svg(waving(101), {.pictures = 5});
  EXPECT_EQ(count(svg, "<g transform="), 5U);
  for (const char* time : {">0.00 s<", ">1.00 s<", ">2.00 s<", ">3.00 s<", ">4.00 s<"}) {
    EXPECT_EQ(count(svg, time), 1U) << time;
  }
  EXPECT_EQ(count(draw_svg(waving(3)), "<g transform="), 3U);
  EXPECT_EQ(count(draw_svg(waving(1)), "<g transform="), 1U);
}

TEST(DrawSvg, DrawsGapsHollow) {
  PoseSequence pose = waving(1);
  const std::string full = draw_svg(pose);
  pose.joint(0, kLeftElbow)[2] = 0.2F;
  pose.joint(0, kRightHand)[2] = 0;
  const std::string gaps = draw_svg(pose);
  const std::regex hollow("<circle [^>]*stroke=\"#[0-9a-f]{6}\"[^>]*/>");
  const auto number = [&](const std::string& svg) {
    return std::distance(std::sregex_iterator(svg.begin(), svg.end(), hollow),
                         std::sregex_iterator());
  };
  EXPECT_EQ(number(gaps) - number(full), 2);
}

TEST(DrawSvg, KeepsAllPointsInsideThePicture) {
  const std::string svg = draw_svg(waving(50), {.picture_width = 150, .picture_height = 170});
  const std::regex point("[ML]([-0-9.]+) ([-0-9.]+)");
  int points = 0;
  for (std::sregex_iterator it(svg.begin(), svg.end(), point), end; it != end; ++it) {
    const double x = std::stod((*it)[1]), y = std::stod((*it)[2]);
    EXPECT_GE(x, 0);
    EXPECT_LE(x, 150);
    EXPECT_GE(y, 0);
    EXPECT_LE(y, 170);
    ++points;
  }
  EXPECT_EQ(points, 6 * 46 * 2);
}

TEST(DrawSvg, SurvivesASinglePointAndHugeCoordinates) {
  PoseSequence pose{.fps = 25, .frames = 2, .data = std::vector<float>(282, 5.0F)};
  std::string svg = draw_svg(pose);
  expect_well_formed(svg);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  pose.joint(0, 3)[0] = 3e38F;
  pose.joint(1, 3)[1] = -3e38F;
  svg = draw_svg(pose);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(DrawSvg, RefusesNothingToDraw) {
  EXPECT_NE(sentence_of_error([] { draw_svg(PoseSequence{}); }).find("0 frames"),
            std::string::npos);
  EXPECT_NE(sentence_of_error([] { draw_svg(waving(2), {.pictures = 0}); }).find("0 images"),
            std::string::npos);
}

}  // namespace
}  // namespace minet::pose
