// The names of joints and groups.
#include "minet/pose/skeleton.hpp"

namespace minet::pose {

std::string_view group_name(JointGroup group) {
  switch (group) {
    case JointGroup::neck:
      return "neck";
    case JointGroup::right_arm:
      return "right arm";
    case JointGroup::left_arm:
      return "left arm";
    case JointGroup::right_hand:
      return "right hand";
    case JointGroup::left_hand:
      return "left hand";
  }
  return "";
}

int joint_index(std::string_view name) {
  for (int joint = 0; joint < kJoints; ++joint) {
    if (kSkeleton[static_cast<std::size_t>(joint)].name == name) {
      return joint;
    }
  }
  return -1;
}

}  // namespace minet::pose
