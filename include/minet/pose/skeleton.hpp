// The 47 joints, in the order of the Solos data set (github:JuanFMontesinos/Solos, MIT): neck, both
// arms, then fingers 1..20 of the right and of the left hand in OpenPose's order. They are the
// paper's "5 upper-body + 2 x 21 hand joints" (section 4.1): each hand's point 0 is its wrist,
// taken from the body as Solos does. Left and right are the player's own. clang-format is off so
// that the table has one joint per line.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace minet::pose {

inline constexpr int kJoints = 47;
inline constexpr int kJointValues = 3;  // x, y, confidence

enum class JointGroup { neck, right_arm, left_arm, right_hand, left_hand };
inline constexpr int kJointGroups = 5;

struct Joint {
  std::string_view name;
  int parent;  // index, always smaller than the joint's own; -1: the root
  JointGroup group;
};

// clang-format off
inline constexpr std::array<Joint, kJoints> kSkeleton = {{
    {"neck", -1, JointGroup::neck},
    {"right_shoulder", 0, JointGroup::right_arm},
    {"right_elbow", 1, JointGroup::right_arm},
    {"right_wrist", 2, JointGroup::right_arm},
    {"left_shoulder", 0, JointGroup::left_arm},
    {"left_elbow", 4, JointGroup::left_arm},
    {"left_wrist", 5, JointGroup::left_arm},
    {"right_thumb_1", 3, JointGroup::right_hand},
    {"right_thumb_2", 7, JointGroup::right_hand},
    {"right_thumb_3", 8, JointGroup::right_hand},
    {"right_thumb_4", 9, JointGroup::right_hand},
    {"right_index_1", 3, JointGroup::right_hand},
    {"right_index_2", 11, JointGroup::right_hand},
    {"right_index_3", 12, JointGroup::right_hand},
    {"right_index_4", 13, JointGroup::right_hand},
    {"right_middle_1", 3, JointGroup::right_hand},
    {"right_middle_2", 15, JointGroup::right_hand},
    {"right_middle_3", 16, JointGroup::right_hand},
    {"right_middle_4", 17, JointGroup::right_hand},
    {"right_ring_1", 3, JointGroup::right_hand},
    {"right_ring_2", 19, JointGroup::right_hand},
    {"right_ring_3", 20, JointGroup::right_hand},
    {"right_ring_4", 21, JointGroup::right_hand},
    {"right_little_1", 3, JointGroup::right_hand},
    {"right_little_2", 23, JointGroup::right_hand},
    {"right_little_3", 24, JointGroup::right_hand},
    {"right_little_4", 25, JointGroup::right_hand},
    {"left_thumb_1", 6, JointGroup::left_hand},
    {"left_thumb_2", 27, JointGroup::left_hand},
    {"left_thumb_3", 28, JointGroup::left_hand},
    {"left_thumb_4", 29, JointGroup::left_hand},
    {"left_index_1", 6, JointGroup::left_hand},
    {"left_index_2", 31, JointGroup::left_hand},
    {"left_index_3", 32, JointGroup::left_hand},
    {"left_index_4", 33, JointGroup::left_hand},
    {"left_middle_1", 6, JointGroup::left_hand},
    {"left_middle_2", 35, JointGroup::left_hand},
    {"left_middle_3", 36, JointGroup::left_hand},
    {"left_middle_4", 37, JointGroup::left_hand},
    {"left_ring_1", 6, JointGroup::left_hand},
    {"left_ring_2", 39, JointGroup::left_hand},
    {"left_ring_3", 40, JointGroup::left_hand},
    {"left_ring_4", 41, JointGroup::left_hand},
    {"left_little_1", 6, JointGroup::left_hand},
    {"left_little_2", 43, JointGroup::left_hand},
    {"left_little_3", 44, JointGroup::left_hand},
    {"left_little_4", 45, JointGroup::left_hand},
}};
// clang-format on

inline constexpr int kNeck = 0;
inline constexpr int kRightShoulder = 1, kRightElbow = 2, kRightWrist = 3;
inline constexpr int kLeftShoulder = 4, kLeftElbow = 5, kLeftWrist = 6;
inline constexpr int kRightHand = 7, kLeftHand = 27;  // the first of 20 finger joints
inline constexpr int kHandJoints = 20;

using Edge = std::pair<int, int>;  // parent, joint

// The 46 bones: every joint but the root with its parent.
inline constexpr std::array<Edge, kJoints - 1> kEdges = [] {
  std::array<Edge, kJoints - 1> edges{};
  for (int joint = 1; joint < kJoints; ++joint) {
    edges[static_cast<std::size_t>(joint - 1)] = {kSkeleton[static_cast<std::size_t>(joint)].parent,
                                                  joint};
  }
  return edges;
}();

std::string_view group_name(JointGroup group);  // "neck", "right arm", ...
int joint_index(std::string_view name);         // -1 if there is no such joint

}  // namespace minet::pose
