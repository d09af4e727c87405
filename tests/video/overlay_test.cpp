// A film that is written again shows at each time what the original shows then, to half a picture.
#include "minet/video/overlay.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "minet/pose/skeleton.hpp"
#include "minet/video/frame_reader.hpp"
#include "video/helpers.hpp"

namespace minet::video {
namespace {

struct OverlayCase {
  const char* name;
  const char* times;
  double rate;  // of the film that is written
  bool turned = false;
};

class Overlay : public testing::TestWithParam<OverlayCase> {};

// All joints in the middle, where nothing is measured.
pose::RawPose made_pose(const std::vector<double>& times) {
  pose::RawPose pose;
  pose.times = times;
  pose.data.assign(times.size() * pose::kJoints * pose::kJointValues, 0.9F);
  for (std::int64_t i = 0; i < pose.frames(); ++i) {
    for (int j = 0; j < pose::kJoints; ++j) {
      pose.joint(i, j)[0] = pose.joint(i, j)[1] = 36.0F - 0.1F * static_cast<float>(j);
    }
  }
  return pose;
}

TEST_P(Overlay, IsInStepWithTheFilm) {
  const OverlayCase& one = GetParam();
  const TempFolder folder;
  auto path = folder / "film.mp4";
  make_counting_film(path, 50, one.times, {"-c:v", "libx264", "-crf", "4", "-bf", "3"});
  if (one.turned) {
    make_film(folder / "turned.mp4",
              {"-i", path.string(), "-c", "copy", "-metadata:s:v:0", "rotate=90"});
    path = folder / "turned.mp4";
  }
  std::vector<double> times;
  {
    FrameReader reader(path);
    Frame frame;
    while (reader.next(frame)) times.push_back(frame.time_s);
  }
  make_overlay(path, made_pose(times), folder / "out.mp4");
  FrameReader reader(folder / "out.mp4");
  EXPECT_EQ(reader.width(), one.turned ? 64 : 96);
  EXPECT_NEAR(reader.film().fps(), one.rate, 0.01 * one.rate);
  Frame frame;
  std::int64_t pictures = 0, wrong = 0;
  while (reader.next(frame)) {
    ++pictures;
    // Which picture of the film is shown then: that of the last time before, give or take half a
    // step.
    const double slack = 0.5 / one.rate + 2e-3;
    bool right = false;
    for (std::size_t i = 0; i < times.size(); ++i) {
      const double until = i + 1 < times.size() ? times[i + 1] : times[i] + 1;
      const bool shown = frame.time_s > times[i] - slack && frame.time_s < until + slack;
      right = right || (shown && number_of(frame.picture) == static_cast<int>(i));
    }
    wrong += !right;
  }
  EXPECT_EQ(wrong, 0) << "of " << pictures;
  EXPECT_NEAR(static_cast<double>(pictures), reader.film().seconds * one.rate, 2);
}

INSTANTIATE_TEST_SUITE_P(All, Overlay,
                         testing::Values(OverlayCase{"at_25", "N/25", 25},
                                         OverlayCase{"at_29_97", "N*1001/30000", 30000 / 1001.0},
                                         OverlayCase{"at_60", "N/60", 60},
                                         OverlayCase{"variable", "N/30+0.01*mod(N,4)+0.4*gt(N,20)",
                                                     60},
                                         OverlayCase{"turned", "N/30", 30, true}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(OverlayDrawing, MarksWhatWasFilledIn) {
  const TempFolder folder;
  make_film(folder / "film.mp4",
            {"-f", "lavfi", "-i", "color=gray:s=640x480:r=25", "-frames:v", "4"});
  pose::RawPose pose = made_pose({0, 0.04, 0.08, 0.12});
  float* const wrist = pose.joint(0, pose::kRightWrist);
  const auto red_and_blue = [&](float confidence) {
    for (std::int64_t i = 0; i < pose.frames(); ++i) {
      for (int j = 0; j < pose::kJoints; ++j) pose.joint(i, j)[2] = confidence;
      pose.joint(i, pose::kRightWrist)[0] = 400, pose.joint(i, pose::kRightWrist)[1] = 300;
    }
    make_overlay(folder / "film.mp4", pose, folder / "out.mp4", true);
    FrameReader reader(folder / "out.mp4");
    Frame frame;
    EXPECT_TRUE(reader.next(frame));
    const std::uint8_t* const at = frame.picture.rgb + 300 * frame.picture.stride + 3 * 400;
    return std::abs(at[2] - at[0]);
  };
  EXPECT_GT(red_and_blue(0.9F), 60);  // seen: blue, filled
  EXPECT_LT(red_and_blue(0.0F), 40);  // filled in: grey
  EXPECT_EQ(wrist[0], 400);
}

}  // namespace
}  // namespace minet::video
