// Helpers of the pose tests: a temporary folder, synthetic OpenPose files, and the real data.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/pose/pose.hpp"
#include "support/input_error.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::pose {

class PoseFolder : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream(temporary_ / name, std::ios::binary) << content;
    return temporary_ / name;
  }
  const std::filesystem::path& folder() const { return temporary_.path(); }

 private:
  TempFolder temporary_;
};

// A synthetic person: point i is at (x, y) + `scale` * i; hands are 1000 or 2000 further right.
struct MadePerson {
  double x = 100, y = 50;
  double scale = 10;
  int body_points = 25;
  bool hands = true;
  double confidence = 0.9;
};

inline std::string numbers_json(double x, double y, double scale, int points, double confidence) {
  std::string result;
  for (int i = 0; i < points; ++i) {
    result += text(i > 0 ? "," : "", x + scale * i, ",", y + scale * i, ",", confidence);
  }
  return text("[", result, "]");
}

inline std::string person_json(const MadePerson& p) {
  const auto hand = [&](double shift) {
    return p.hands ? numbers_json(p.x + shift, p.y, p.scale, 21, p.confidence) : "[]";
  };
  return "{\"person_id\":[-1],\"pose_keypoints_2d\":" +
         numbers_json(p.x, p.y, p.scale, p.body_points, p.confidence) +
         ",\"face_keypoints_2d\":[],\"hand_left_keypoints_2d\":" + hand(1000) +
         ",\"hand_right_keypoints_2d\":" + hand(2000) + ",\"pose_keypoints_3d\":[]}";
}

inline std::string frame_json(const std::vector<MadePerson>& people) {
  std::string list;
  for (const MadePerson& person : people) {
    list += text(list.empty() ? "" : ",", person_json(person));
  }
  return text("{\"version\":1.3,\"people\":[", list, "]}");
}

// The message of the InputError that `call` must throw: one sentence in one line.
inline std::string sentence_of_error(const std::function<void()>& call) {
  const std::string message = input_error(call);
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_FALSE(message.ends_with('.')) << message;
  return message;
}

// All sentences, one per line; if `kind` is given, only those of that kind.
inline std::string text_of(const Notices& notices, std::optional<NoticeKind> kind = {}) {
  std::string result;
  for (const Notice& notice : notices) {
    if (!kind || notice.kind == *kind) result += notice.sentence + "\n";
  }
  return result;
}

// A sequence as read, at `fps`, all joints at 0, 0 with the given confidence.
inline RawPose made_raw(std::int64_t frames, float confidence = 1, double fps = 25) {
  RawPose pose;
  pose.format = "made";
  pose.data.assign(static_cast<std::size_t>(frames) * kJoints * kJointValues, 0.0F);
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    pose.times.push_back(static_cast<double>(frame) / fps);
    for (int joint = 0; joint < kJoints; ++joint) {
      pose.joint(frame, joint)[2] = confidence;
    }
  }
  return pose;
}

inline void set(float* joint, double x, double y, double confidence) {
  joint[0] = static_cast<float>(x);
  joint[1] = static_cast<float>(y);
  joint[2] = static_cast<float>(confidence);
}

// The folder of real recordings that is not part of the repository, if this machine has it.
inline std::optional<std::filesystem::path> shared_data() {
  const char* from_environment = std::getenv("MINET_SHARED_DATA");
  const std::filesystem::path path = from_environment != nullptr
                                         ? std::filesystem::path(from_environment)
                                         : minet::source_folder().parent_path() / "shared" / "data";
  return std::filesystem::is_directory(path) ? std::optional(path) : std::nullopt;
}

}  // namespace minet::pose
