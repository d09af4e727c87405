// The same bodies written in every format give the same 47 joints; formats are recognised; errors
// are reported in one sentence.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "minet/core/npy.hpp"
#include "minet/pose/prepare.hpp"
#include "pose/pose_fixtures.hpp"

namespace minet::pose {
namespace {

using Formats = PoseFolder;
constexpr int kFrames = 3;
constexpr double kWidth = 640, kHeight = 360;

// The points that are written, independently of the table under test: x, y and confidence of a
// named place in a frame. The neck is where it is put for formats without one.
struct Point {
  double x = 0, y = 0, c = 0;
};
Point middle(Point a, Point b) {
  return {(a.x + b.x) / 2, (a.y + b.y) / 2, std::min(a.c, b.c)};
}
Point arm(int frame, bool right, int joint) {  // 0 shoulder, 1 elbow, 2 wrist
  return {(right ? 200.0 : 400.0) + 8 * joint + frame, 100.0 + 30 * joint + 2 * frame,
          0.9 - 0.1 * joint - (right ? 0.05 : 0)};
}
Point finger(int frame, bool right, int i) {  // 0: the hand's own wrist, which no reader uses
  return {(right ? 220.0 : 420.0) + i + 0.5 * frame, 200.0 + 3 * i + frame, 0.5 + 0.01 * i};
}

// [points] of one frame: the named places by format; the others are junk that must not be read.
using Body = std::vector<Point>;
Body coco17(int frame) {
  Body body(17, {1, 1, 1});
  for (int joint = 0; joint < 3; ++joint) {
    body[static_cast<std::size_t>(5 + 2 * joint)] = arm(frame, false, joint);
    body[static_cast<std::size_t>(6 + 2 * joint)] = arm(frame, true, joint);
  }
  return body;
}
Body openpose(int frame, std::size_t points) {
  Body body(points, {1, 1, 1});
  body[1] = middle(arm(frame, true, 0), arm(frame, false, 0));
  for (int joint = 0; joint < 3; ++joint) {
    body[static_cast<std::size_t>(2 + joint)] = arm(frame, true, joint);
    body[static_cast<std::size_t>(5 + joint)] = arm(frame, false, joint);
  }
  return body;
}
Body hand(int frame, bool right) {
  Body points;
  for (int i = 0; i < 21; ++i) points.push_back(finger(frame, right, i));
  return points;
}
void append(Body& to, const Body& more) {
  to.insert(to.end(), more.begin(), more.end());
}
Body wholebody(int frame) {
  Body body = coco17(frame);
  body.resize(91, {1, 1, 1});
  append(body, hand(frame, false));
  append(body, hand(frame, true));
  return body;
}
Body halpe(int frame, bool hands) {
  Body body = coco17(frame);
  body.resize(26, {1, 1, 1});
  body[18] = middle(arm(frame, true, 0), arm(frame, false, 0));
  if (hands) {
    body.resize(94, {1, 1, 1});
    append(body, hand(frame, false));
    append(body, hand(frame, true));
  }
  return body;
}
Body mediapipe(int frame) {
  Body body(33, {0.1, 0.1, 1});
  for (int joint = 0; joint < 3; ++joint) {
    body[static_cast<std::size_t>(11 + 2 * joint)] = arm(frame, false, joint);
    body[static_cast<std::size_t>(12 + 2 * joint)] = arm(frame, true, joint);
  }
  return body;
}

std::string exact(double value) {
  return to_text(value);
}
std::string flat(const Body& body) {
  std::string list;
  for (const Point& p : body) {
    list += text(list.empty() ? "" : ",", exact(p.x), ",", exact(p.y), ",", exact(p.c));
  }
  return "[" + list + "]";
}
std::string triples(const Body& body, double width, double height) {
  std::string list;
  for (const Point& p : body) {
    list += text(list.empty() ? "" : ",", "[", exact(p.x / width), ",", exact(p.y / height), ",",
                 exact(p.c), "]");
  }
  return "[" + list + "]";
}
template <class Make>
std::string listed(const Make& make) {
  std::string list;
  for (int frame = 0; frame < kFrames; ++frame) list += text(frame > 0 ? "," : "", make(frame));
  return "[" + list + "]";
}

std::string mmpose_frame(int frame) {
  std::string points, scores;
  for (const Point& p : wholebody(frame)) {
    points += text(points.empty() ? "" : ",", "[", exact(p.x), ",", exact(p.y), "]");
    scores += text(scores.empty() ? "" : ",", exact(p.c));
  }
  return text("{\"frame_id\":", frame, ",\"instances\":[{\"keypoints\":[", points,
              "],\"keypoint_scores\":[", scores, "],\"bbox\":[[0,0,9,9]]}]}");
}
std::string result(int frame, const Body& body) {
  return text("{\"image_id\":\"", frame, ".jpg\",\"keypoints\":", flat(body), ",\"score\":2.5}");
}
std::string mediapipe_json() {
  return text(
      "{\"format\":\"mediapipe-holistic\",\"version\":1,\"width\":640,\"height\":360,"
      "\"frames\":",
      listed([](int frame) {
        return text("{\"frame\":", frame, ",\"time_s\":", exact(0.04 * frame),
                    ",\"pose\":", triples(mediapipe(frame), kWidth, kHeight),
                    ",\"left_hand\":", triples(hand(frame, false), kWidth, kHeight),
                    ",\"right_hand\":", triples(hand(frame, true), kWidth, kHeight), "}");
      }),
      "}");
}
std::string mediapipe_csv() {
  std::string csv = "frame,time_s,width,height,part,point,x,y,confidence\n";
  for (int frame = 0; frame < kFrames; ++frame) {
    const std::array<std::pair<const char*, Body>, 3> parts = {{{"pose", mediapipe(frame)},
                                                                {"left_hand", hand(frame, false)},
                                                                {"right_hand", hand(frame, true)}}};
    for (const auto& [name, body] : parts) {
      for (std::size_t i = 0; i < body.size(); ++i) {
        csv += text(frame, ",", exact(0.04 * frame), ",640,360,", name, ",", i, ",",
                    exact(body[i].x / kWidth), ",", exact(body[i].y / kHeight), ",",
                    exact(body[i].c), "\n");
      }
    }
  }
  return csv;
}
std::string deeplabcut_csv() {
  std::string scorer = "scorer", parts = "bodyparts", coords = "coords", rows;
  for (int joint = 1; joint < kJoints; ++joint) {  // no neck
    const std::string name(kSkeleton[static_cast<std::size_t>(joint)].name);
    for (const char* axis : {"x", "y", "likelihood"}) {
      scorer += ",DLC_net";
      parts += "," + name;
      coords += text(",", axis);
    }
  }
  for (int frame = 0; frame < kFrames; ++frame) {
    rows += text(frame);
    for (int joint = 1; joint < kJoints; ++joint) {
      const Point p = joint < kLeftShoulder ? arm(frame, true, joint - kRightShoulder)
                      : joint < kRightHand  ? arm(frame, false, joint - kLeftShoulder)
                      : joint < kLeftHand   ? finger(frame, true, joint - kRightHand + 1)
                                            : finger(frame, false, joint - kLeftHand + 1);
      rows += text(",", exact(p.x), ",", exact(p.y), ",", exact(p.c));
    }
    rows += "\n";
  }
  return scorer + "\n" + parts + "\n" + coords + "\n" + rows;
}

void expect_same(const RawPose& pose, int joints, const std::string& what) {
  ASSERT_EQ(pose.frames(), kFrames) << what;
  for (int frame = 0; frame < kFrames; ++frame) {
    for (int joint = 0; joint < joints; ++joint) {
      const Point p = joint == kNeck          ? middle(arm(frame, true, 0), arm(frame, false, 0))
                      : joint < kLeftShoulder ? arm(frame, true, joint - kRightShoulder)
                      : joint < kRightHand    ? arm(frame, false, joint - kLeftShoulder)
                      : joint < kLeftHand     ? finger(frame, true, joint - kRightHand + 1)
                                              : finger(frame, false, joint - kLeftHand + 1);
      const float* got = pose.joint(frame, joint);
      ASSERT_NEAR(got[0], p.x, 1e-3) << what << " frame " << frame << " joint " << joint;
      ASSERT_NEAR(got[1], p.y, 1e-3) << what << " frame " << frame << " joint " << joint;
      ASSERT_NEAR(got[2], p.c, 1e-5) << what << " frame " << frame << " joint " << joint;
    }
    for (int joint = joints; joint < kJoints; ++joint) {
      ASSERT_EQ(pose.joint(frame, joint)[2], 0) << what;
    }
  }
}

TEST_F(Formats, TheSameBodiesGiveTheSameJointsAndAreRecognised) {
  struct Case {
    std::string file, content, format;
    int joints;
  };
  const auto results = [](auto body) {
    return listed([&](int frame) { return result(frame, body(frame)); });
  };
  const std::vector<Case> cases = {
      {"mmpose.json", listed(mmpose_frame), "MMPose or COCO results (COCO-WholeBody)", 47},
      {"info.json", "{\"meta_info\":{\"a\":[1]},\"instance_info\":" + listed(mmpose_frame) + "}",
       "MMPose or COCO results (COCO-WholeBody)", 47},
      {"coco.json", results(wholebody), "MMPose or COCO results (COCO-WholeBody)", 47},
      {"alpha136.json", results([](int f) { return halpe(f, true); }), "AlphaPose (Halpe-136)", 47},
      {"alpha26.json", results([](int f) { return halpe(f, false); }), "AlphaPose (Halpe-26)", 7},
      {"alpha17.json", results(coco17), "AlphaPose (COCO-17)", 7},
      {"open.json",
       text("{\"0.jpg\":{\"version\":\"x\",\"people\":[{\"pose_keypoints_2d\":",
            flat(openpose(0, 18)),
            "}]},\"1.jpg\":{\"people\":[{\"pose_keypoints_2d\":", flat(openpose(1, 18)),
            "}]},\"2.jpg\":{\"bodies\":[{\"joints\":", flat(openpose(2, 18)), "}]}}"),
       "AlphaPose (OpenPose COCO-18)", 7},
      {"holistic.json", mediapipe_json(), "MediaPipe Holistic", 47},
      {"holistic.csv", mediapipe_csv(), "MediaPipe Holistic", 47},
      {"dlc.csv", deeplabcut_csv(), "DeepLabCut", 47},
  };
  for (const Case& c : cases) {
    const RawPose pose = read_pose(write(c.file, c.content));
    EXPECT_EQ(pose.format, c.format) << c.file;
    EXPECT_NEAR(pose.times.back(), 0.08, 1e-9) << c.file;
    expect_same(pose, c.joints, c.file);
    if (c.joints == 7) {
      EXPECT_NE(text_of(pose.notices).find("no hands"), std::string::npos) << c.file;
    }
  }
}

TEST_F(Formats, OpenPoseGivesTheSameJointsInAllItsOrders) {
  for (const PoseFormat format : {PoseFormat::openpose, PoseFormat::openpose25b}) {
    for (int frame = 0; frame < kFrames; ++frame) {
      Body body = openpose(frame, 25);
      if (format == PoseFormat::openpose25b) {
        body = coco17(frame);
        body.resize(25, {1, 1, 1});
      }
      write(text(frame, "_keypoints.json"),
            text("{\"people\":[{\"pose_keypoints_2d\":", flat(body),
                 ",\"hand_left_keypoints_2d\":", flat(hand(frame, false)),
                 ",\"hand_right_keypoints_2d\":", flat(hand(frame, true)), "}]}"));
    }
    expect_same(read_pose(folder(), {.format = format}), 47, "OpenPose");
  }
}

// As in a corpus: with the gaps filled and at 25 frames per second. In frame 1 the left hand is not
// seen, which each tool expresses in its own way.
TEST_F(Formats, OpenPoseMediaPipeAndWholeBodyVersionsOfTheSameFramesGiveTheSameJoints) {
  constexpr int kHidden = 1;
  const auto left_hand = [](int frame) { return frame == kHidden ? Body{} : hand(frame, false); };
  const std::string open = "openpose", zeros = "openpose_zeros";
  for (const std::string& name : {open, zeros}) {
    std::filesystem::create_directories(folder() / name);
    for (int frame = 0; frame < kFrames; ++frame) {
      const Body left = name == zeros && frame == kHidden ? Body(21) : left_hand(frame);
      write(text(name, "/take_", frame, "_keypoints.json"),
            text("{\"people\":[{\"pose_keypoints_2d\":", flat(openpose(frame, 25)),
                 ",\"hand_left_keypoints_2d\":", flat(left),
                 ",\"hand_right_keypoints_2d\":", flat(hand(frame, true)), "}]}"));
    }
  }
  write("mediapipe.json",
        text("{\"format\":\"mediapipe-holistic\",\"version\":1,\"width\":640,\"height\":360,"
             "\"frames\":",
             listed([&](int frame) {
               return text("{\"frame\":", frame, ",\"time_s\":", exact(0.04 * frame),
                           ",\"pose\":", triples(mediapipe(frame), kWidth, kHeight),
                           ",\"left_hand\":", triples(left_hand(frame), kWidth, kHeight),
                           ",\"right_hand\":", triples(hand(frame, true), kWidth, kHeight), "}");
             }),
             "}"));
  write("wholebody.json", listed([](int frame) {
          Body body = wholebody(frame);
          for (std::size_t i = 91; i < 112 && frame == kHidden; ++i) body[i].c = 0;
          return result(frame, body);
        }));
  GapReport first_gaps;
  const PoseSequence first = prepare_pose(folder() / open, {}, &first_gaps);
  EXPECT_NEAR(first_gaps.share(JointGroup::left_hand), 1.0 / kFrames, 1e-9);
  ASSERT_EQ(first.frames, kFrames);
  for (const char* other : {"openpose_zeros", "mediapipe.json", "wholebody.json"}) {
    GapReport gaps;
    const PoseSequence pose = prepare_pose(folder() / other, {}, &gaps);
    ASSERT_EQ(pose.data.size(), first.data.size()) << other;
    for (std::size_t i = 0; i < pose.data.size(); ++i) {
      ASSERT_NEAR(pose.data[i], first.data[i], 1e-3) << other << " number " << i;
    }
    EXPECT_EQ(gaps.share(), first_gaps.share()) << other;
  }
}

TEST_F(Formats, FoleyMusicIsReadInBothShapesAt22FramesASecond) {
  FloatArray last{.shape = {kFrames, 3, 65, 1}, .values = {}};
  FloatArray first{.shape = {kFrames, 65, 3}, .values = {}};
  for (int frame = 0; frame < kFrames; ++frame) {
    Body body = openpose(frame, 25);
    for (const bool right : {false, true}) {
      const Body points = hand(frame, right);
      body.insert(body.end(), points.begin() + 1, points.end());
    }
    for (int axis = 0; axis < 3; ++axis) {
      for (const Point& p : body) {
        last.values.push_back(static_cast<float>(axis == 0 ? p.x : axis == 1 ? p.y : p.c));
      }
    }
    for (const Point& p : body) {
      for (const double v : {p.x, p.y, p.c}) first.values.push_back(static_cast<float>(v));
    }
  }
  for (const FloatArray& array : {last, first}) {
    save_npy(folder() / "body.npy", array);
    const RawPose pose = read_pose(folder() / "body.npy");
    EXPECT_EQ(pose.format, "Foley-Music");
    EXPECT_NEAR(pose.times[1], 1 / 22.0, 1e-12);
    EXPECT_NE(text_of(pose.notices).find("22 frames"), std::string::npos);
    expect_same(pose, 47, "Foley-Music");
  }
}

TEST_F(Formats, ATimesFileMakesAVariableFrameRateComeOutRight) {
  for (int frame = 0; frame < 3; ++frame) {
    write(text(frame, "_keypoints.json"), frame_json({{.x = frame == 2 ? 160.0 : 100.0}}));
  }
  write("times.csv", "frame,time_s\n0,0\n1,0.04\n2,0.16\n");
  const RawPose pose = read_pose(folder());
  EXPECT_EQ(pose.times, (std::vector<double>{0, 0.04, 0.16}));
  EXPECT_EQ(text_of(pose.notices, NoticeKind::assumed_rate), "");
  const PoseSequence even = resample(pose, 25);
  ASSERT_EQ(even.frames, 5);
  EXPECT_NEAR(even.joint(2, kNeck)[0], 130, 1e-4);  // a third of the way from 110 to 170
  EXPECT_NEAR(read_pose(folder(), {.fps = 50}).times[2], 0.04, 1e-12);
  write("times.csv", "frame,time_s\n0,0\n1,0.04\n");
  EXPECT_NE(sentence_of_error([&] { read_pose(folder()); }).find("none for frame 2"),
            std::string::npos);
  write("times.csv", "frame,time_s\n0,0.1\n1,0.04\n");
  EXPECT_NE(sentence_of_error([&] { read_pose(folder()); }).find("rising"), std::string::npos);
}

TEST_F(Formats, TheFirstFrameNeedNotBeInTheTimesFile) {
  for (const int frame : {0, 2, 3}) write(text(frame, "_keypoints.json"), frame_json({{.x = 100}}));
  write("times.csv", "frame,time_s\n0,0\n2,0.08\n3,0.12\n");
  const RawPose pose = read_pose(folder(), {.first_frame = 1});
  ASSERT_EQ(pose.times.size(), 2U);
  EXPECT_NEAR(pose.times[0], 0.04, 1e-12);
  EXPECT_NEAR(pose.times[1], 0.08, 1e-12);
}

TEST_F(Formats, TheLongestTrackIsFollowedAndTrackersNumbersAreTaken) {
  const auto person = [](int frame, double shift, int id) {
    Body body = coco17(frame);
    for (Point& p : body) p.x += shift;
    return text("{\"image_id\":", frame, ",\"keypoints\":", flat(body), ",\"idx\":", id, "}");
  };
  std::string list = person(0, 1000, 7);
  for (int frame = 0; frame < kFrames; ++frame) list += text(",", person(frame, 0, 3));
  const auto path = write("tracked.json", "[" + list + "]");
  expect_same(read_pose(path), 7, "longest");
  EXPECT_NEAR(read_pose(path, {.person = 7}).joint(0, kRightShoulder)[0], 1200, 1e-3);
  EXPECT_NE(sentence_of_error([&] { read_pose(path, {.person = 5}); }).find("3, 7"),
            std::string::npos);
}

TEST_F(Formats, BodyPartsAreMatchedByUsualNamesOrAMapFile) {
  const std::string numbers = "\n0,1,2,0.5,3,4,0.5,5,6,0.5\n";
  const std::string head = "scorer,a,a,a,a,a,a,a,a,a\nbodyparts,";
  const std::string coords = "\ncoords,x,y,likelihood,x,y,likelihood,x,y,likelihood";
  const RawPose usual = read_pose(
      write("a.csv", head +
                         "RShoulder,RShoulder,RShoulder,left shoulder,left shoulder,left shoulder,"
                         "thumb_L_tip,thumb_L_tip,thumb_L_tip" +
                         coords + numbers));
  EXPECT_FLOAT_EQ(usual.joint(0, kRightShoulder)[0], 1);
  EXPECT_FLOAT_EQ(usual.joint(0, kLeftShoulder)[0], 3);
  EXPECT_FLOAT_EQ(usual.joint(0, kNeck)[0], 2);
  EXPECT_FLOAT_EQ(usual.joint(0, joint_index("left_thumb_4"))[0], 5);
  const auto own = write("b.csv", head + "a,a,a,b,b,b,c,c,c" + coords + numbers);
  EXPECT_NE(sentence_of_error([&] { read_pose(own); }).find("maps their names"), std::string::npos);
  const auto names = write("names.csv", "bodypart,joint\na,neck\nb,left_wrist\n");
  EXPECT_FLOAT_EQ(read_pose(own, {.names = names}).joint(0, kLeftWrist)[0], 3);
}

TEST_F(Formats, WhatIsWrongIsSaid) {
  struct Case {
    std::string file, content, expected;
    PoseFormat format = PoseFormat::automatic;
  };
  const std::string ours = "{\"format\":\"mediapipe-holistic\",\"version\":1,";
  const std::string columns = "frame,time_s,width,height,part,point,x,y,confidence\n";
  const std::string dlc = "scorer,a,a,a\nbodyparts,neck,neck,neck\ncoords,x,y,likelihood\n";
  const std::vector<Case> cases = {
      {"a.json", "[{\"image_id\":0,\"keypoints\":[1,2,3]}]", "got 3 numbers"},
      {"a.json", "[{\"image_id\":\"x\",\"keypoints\":" + flat(coco17(0)) + "}]", "frame number"},
      {"a.json", "[{\"image_id\":-4,\"keypoints\":" + flat(coco17(0)) + "}]", "from 0 on"},
      {"a.json", "[{\"image_id\":0,\"keypoints\":[true]}]", "got a boolean"},
      {"a.json", "[{\"image_id\":0,\"keypoints\":" + flat(coco17(0)) + "}", "expected JSON"},
      {"a.json", "[{\"frame_id\":0,\"instances\":3}]", "got something else"},
      {"a.json", "[{\"frame_id\":0,\"instances\":[{\"keypoints\":[[1,2]]}]}]", "keypoint_scores"},
      {"a.json",
       "[{\"frame_id\":0,\"instances\":[{\"keypoints\":[[1,2]],\"keypoint_scores\":[1,2]}]}]",
       "a score for each of 1"},
      {"a.json", "[{\"frame_id\":0,\"instances\":[]}]", "nobody in any of its 1 frame"},
      {"a.json", "[]", "got none", PoseFormat::wholebody},
      {"a.json", "{\"0.jpg\":{\"people\":[{\"pose_keypoints_2d\":[1]}]}}", "54 numbers"},
      {"a.json", ours + "\"frames\":[]}", "width and height"},
      {"a.json", ours + "\"width\":10,\"height\":10,\"frames\":[]}", "got none"},
      {"a.json", ours + "\"width\":10,\"height\":10,\"frames\":[{\"frame\":0,\"pose\":[1]}]}",
       "33 points"},
      {"a.json", ours + "\"width\":-1,\"height\":10,\"frames\":[]}", "width and height"},
      {"a.json", "[" + std::string(100, '['), "got a list"},
      {"a.json", "[" + std::string(100, '['), "levels", PoseFormat::wholebody},
      {"a.csv", "a,b\n1,2\n", "another table"},
      {"a.csv", "frame,part,x\n", "columns"},
      {"a.csv", columns + "0,0,640,360,pose,33,0,0,1\n", "pose 33"},
      {"a.csv", columns + "0,0,640,360,pose\n", "got 5"},
      {"a.csv", columns + "1,0,640,360,none,,,,\n0,0,640,360,none,,,,\n", "rising frame"},
      {"a.csv", columns + "0,0,640,360,none,,,,\n1,1,641,360,none,,,,\n", "one width"},
      {"a.csv", columns, "width and height"},
      {"a.csv", dlc + "0,1,2\n", "got 3"},
      {"a.csv", dlc, "got none"},
      {"a.csv", "scorer,a\nx,y\n", "header rows"},
  };
  for (const Case& bad : cases) {
    const auto path = write(bad.file, bad.content);
    const std::string message = sentence_of_error([&] { read_pose(path, {.format = bad.format}); });
    EXPECT_NE(message.find(bad.expected), std::string::npos) << bad.content.substr(0, 100) << "\n"
                                                             << message;
    EXPECT_NE(message.find(bad.file), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace minet::pose
