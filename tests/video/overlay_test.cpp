// A rewritten video shows at each time what the original shows, to within half a frame.
#include "minet/video/overlay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/pose/skeleton.hpp"
#include "minet/video/frame_reader.hpp"
#include "video/helpers.hpp"

namespace minet::video {
namespace {

struct OverlayCase {
  const char* name;
  const char* times;
  double rate;  // of the video that is written
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
  make_overlay(path, {.filled = made_pose(times)}, folder / "out.mp4");
  FrameReader reader(folder / "out.mp4");
  EXPECT_EQ(reader.width(), one.turned ? 64 : 96);
  EXPECT_NEAR(reader.film().fps(), one.rate, 0.01 * one.rate);
  Frame frame;
  std::int64_t pictures = 0, wrong = 0;
  while (reader.next(frame)) {
    ++pictures;
    // The video's frame at that time: the last one before it, give or take half a
    // frame.
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

TEST(OverlayDrawing, KeepsEveryFrameOfAFilmThatBeginsHalfwayBetweenTwo) {
  const TempFolder folder;
  make_counting_film(folder / "film.mp4", 50, "N*1001/24000", {"-c:v", "libx264", "-crf", "4"});
  make_film(folder / "late.mkv",  // with times in milliseconds, as OBS writes them
            {"-itsoffset", "0.021", "-i", (folder / "film.mp4").string(), "-f", "lavfi", "-i",
             "sine=duration=2", "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "pcm_s16le"});
  make_overlay(folder / "late.mkv", {.filled = made_pose({0.0, 1.0})}, folder / "out.mp4");
  FrameReader reader(folder / "out.mp4");
  std::set<int> numbers;
  Frame frame;
  while (reader.next(frame)) numbers.insert(number_of(frame.picture));
  EXPECT_EQ(numbers.size(), 50u);
}

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
    make_overlay(folder / "film.mp4", {.filled = pose}, folder / "out.mp4", true);
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

TEST(OverlayDrawing, ShowsWhatSoundsOnItsFoot) {
  const TempFolder folder;
  make_film(folder / "film.mp4",
            {"-f", "lavfi", "-i", "color=0x7e7e7e:s=640x480:r=25", "-frames:v", "50"});
  // A high note from 1 s on, whose bar enters from the right: blue before it sounds, then yellow.
  const OverlayContent content{.filled = made_pose({0, 1, 2}),
                               .people = {},
                               .roll = {.notes = true, .marks = {{1, 1.5, 72}}}};
  make_overlay(folder / "film.mp4", content, folder / "out.mp4");
  FrameReader reader(folder / "out.mp4");
  Frame frame;
  std::array<int, 50> yellow{};
  while (reader.next(frame) && frame.index < 50) {
    for (int y = 384; y < 480; ++y) {
      for (int x = 0; x < 640; ++x) {
        const std::uint8_t* const at = frame.picture.rgb + y * frame.picture.stride + 3 * x;
        yellow[static_cast<std::size_t>(frame.index)] += at[0] > 200 && at[1] > 180 && at[2] < 150;
      }
    }
  }
  EXPECT_EQ(yellow[23], 0);
  EXPECT_GT(yellow[26], 200);
  EXPECT_GT(yellow[36], 200);
  EXPECT_EQ(yellow[39], 0);
}

TEST(OverlayDrawing, NumbersPeopleAndColoursThePlayer) {
  const TempFolder folder;
  make_film(folder / "film.mp4",
            {"-f", "lavfi", "-i", "color=0x7e7e7e:s=640x480:r=25", "-frames:v", "4"});
  const auto track = [](double x) {
    return PersonTrack{.times = {0, 0.2}, .places = {{{x, 260}, 150}, {{x, 260}, 150}}};
  };
  OverlayContent content{
      .filled = made_pose({0, 0.2}), .people = {track(480), track(130)}, .roll = {}};
  make_overlay(folder / "film.mp4", content, folder / "out.mp4");
  FrameReader reader(folder / "out.mp4");
  Frame frame;
  ASSERT_TRUE(reader.next(frame));
  const auto green = [&](int x) {
    const std::uint8_t* const at = frame.picture.rgb + 300 * frame.picture.stride + 3 * x;
    return at[1] - std::max(at[0], at[2]);
  };
  // The keypoints are at the left, so the second person is the player.
  const auto greenest = [&](int left, int right) {
    int most = 0;
    for (int x = left; x < right; ++x) most = std::max(most, green(x));
    return most;
  };
  EXPECT_GT(greenest(10, 28), 50);
  EXPECT_LT(greenest(358, 378), 20);
}

TEST(OverlayDrawing, PeopleAreHeldForASecond) {
  const PersonTrack track{.times = {0, 1, 5},
                          .places = {{{0, 0}, 10}, {{10, 0}, 10}, {{50, 0}, 10}}};
  EXPECT_NEAR(track.at(0.5)->x, 5, 1e-9);
  EXPECT_TRUE(track.at(1.9).has_value());
  EXPECT_FALSE(track.at(3).has_value());
  EXPECT_FALSE(track.at(6.5).has_value());
  EXPECT_FALSE(PersonTrack{}.at(0).has_value());
}

TEST(OverlayDrawing, SheetAndPlainGround) {
  const TempFolder folder;
  pose::RawPose pose = made_pose({0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.24});
  make_sheet({}, {.filled = pose}, folder / "sheet.png");
  make_overlay({}, {.filled = pose}, folder / "plain.mp4");
  const std::string sheet = read_file(folder / "sheet.png", 1 << 20);
  const auto number = [&](std::size_t at) {  // two bytes are enough
    return 256 * static_cast<unsigned char>(sheet[at]) + static_cast<unsigned char>(sheet[at + 1]);
  };
  ASSERT_GT(sheet.size(), 100U);
  EXPECT_EQ(number(18), 3 * 420 + 12);
  EXPECT_EQ(number(22), 2 * 315 + 6);
  FrameReader plain(folder / "plain.mp4");
  EXPECT_NEAR(plain.film().seconds, 0.28, 0.01);
  EXPECT_THROW(make_sheet({}, {.filled = {}}, folder / "none.png"), InputError);
}

TEST(ReadRoll, NotesAndCodes) {
  const TempFolder folder;
  save_file(folder / "codes.csv", "onset_s,duration_s,code\n0,0.016,517\n0.016,0.016,3\n");
  const Roll codes = read_roll(folder / "codes.csv");
  EXPECT_FALSE(codes.notes);
  ASSERT_EQ(codes.marks.size(), 2U);
  EXPECT_EQ(codes.marks[0].value, 517);
  EXPECT_NEAR(codes.marks[1].end_s, 0.032, 1e-9);
  save_file(folder / "notes.csv", "onset_s,duration_s,pitch\n1,0.5,69\n");
  const Roll notes = read_roll(folder / "notes.csv");
  EXPECT_TRUE(notes.notes);
  ASSERT_EQ(notes.marks.size(), 1U);
  EXPECT_EQ(notes.marks[0].value, 69);
  save_file(folder / "bad.csv", "onset_s,duration_s,code\n0,0.016,loud\n");
  EXPECT_THROW(read_roll(folder / "bad.csv"), InputError);
}

}  // namespace
}  // namespace minet::video
