// The table of layouts, and its application.
#include "pose/layouts.hpp"

#include <algorithm>

#include "pose/checks.hpp"

namespace minet::pose {
namespace {

// clang-format off
//                        neck       right shoulder, elbow, wrist     left shoulder, elbow, wrist
constexpr std::array<JointSource, kRightHand> kOpenPoseUpper = {
                       {{1, -1},     {2, -1}, {3, -1}, {4, -1},       {5, -1}, {6, -1}, {7, -1}}};
// COCO's 17 points list left before right: 5 and 6 are the shoulders.
constexpr std::array<JointSource, kRightHand> kCocoUpper = {
                       {{5, 6},      {6, -1}, {8, -1}, {10, -1},      {5, -1}, {7, -1}, {9, -1}}};
constexpr std::array<JointSource, kRightHand> kHalpeUpper = {
                       {{18, -1},    {6, -1}, {8, -1}, {10, -1},      {5, -1}, {7, -1}, {9, -1}}};
constexpr std::array<JointSource, kRightHand> kMediapipeUpper = {
                       {{11, 12},    {12, -1}, {14, -1}, {16, -1},    {11, -1}, {13, -1}, {15, -1}}};

constexpr std::array<Layout, 9> kLayouts = {{
    //                                                    points  body              right  left finger
    {LayoutId::body25, "OpenPose BODY_25",                    67,  25, kOpenPoseUpper,  47,  26},
    {LayoutId::coco18, "OpenPose COCO-18",                    60,  18, kOpenPoseUpper,  40,  19},
    // Its point 17 is the upper neck, higher than the neck of the others, so it is not used.
    {LayoutId::body25b, "OpenPose BODY_25B",                  67,  25, kCocoUpper,      47,  26},
    {LayoutId::coco17, "COCO-17",                             17,  17, kCocoUpper,      -1,  -1},
    {LayoutId::halpe26, "Halpe-26",                           26,  26, kHalpeUpper,     -1,  -1},
    {LayoutId::halpe136, "Halpe-136",                        136, 136, kHalpeUpper,    116,  95},
    {LayoutId::wholebody133, "COCO-WholeBody",               133, 133, kCocoUpper,     113,  92},
    {LayoutId::mediapipe, "MediaPipe Holistic",               75,  33, kMediapipeUpper, 55,  34},
    // Hands without wrists: 20 points each, directly after BODY_25.
    {LayoutId::foley_music, "Foley-Music",                    65,  65, kOpenPoseUpper,  45,  25},
}};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < kLayouts.size(); ++i) {
    if (static_cast<std::size_t>(kLayouts[i].id) != i) {
      return false;
    }
  }
  return true;
}
static_assert(in_order(), "layout() indexes the table by id");

bool put_point(float* to, std::span<const double> numbers, int point) {
  const double* from = numbers.data() + static_cast<std::size_t>(point) * kJointValues;
  return put_joint(to, from[0], from[1], from[2]);
}

bool put_middle(float* to, std::span<const double> numbers, JointSource source) {
  std::array<float, kJointValues> a{}, b{};
  const bool usable_a = put_point(a.data(), numbers, source.first);
  const bool usable_b = put_point(b.data(), numbers, source.second);
  const bool there = !is_absent(a.data()) && !is_absent(b.data());
  if (there) {
    put_joint(to, (static_cast<double>(a[0]) + static_cast<double>(b[0])) / 2,
              (static_cast<double>(a[1]) + static_cast<double>(b[1])) / 2, std::min(a[2], b[2]));
  }
  return usable_a && usable_b;
}

}  // namespace

std::span<const Layout> layouts() {
  return kLayouts;
}

const Layout& layout(LayoutId id) {
  return kLayouts[static_cast<std::size_t>(id)];
}

JointSource source_of(const Layout& layout, int joint) {
  if (joint < kRightHand) {
    return layout.upper[static_cast<std::size_t>(joint)];
  }
  if (!layout.hands()) {
    return {};
  }
  return joint < kLeftHand ? JointSource{layout.right_finger + joint - kRightHand}
                           : JointSource{layout.left_finger + joint - kLeftHand};
}

const Layout* coco_layout(std::size_t points) {
  for (const LayoutId id :
       {LayoutId::coco17, LayoutId::halpe26, LayoutId::halpe136, LayoutId::wholebody133}) {
    if (static_cast<std::size_t>(layout(id).points) == points) {
      return &layout(id);
    }
  }
  return nullptr;
}

Person to_person(const Layout& layout, std::span<const double> numbers, std::int64_t& bad_numbers) {
  Person person;
  for (int joint = 0; joint < kJoints; ++joint) {
    const JointSource source = source_of(layout, joint);
    if (source.first < 0) {
      continue;
    }
    const bool usable = source.second < 0 ? put_point(person.joint(joint), numbers, source.first)
                                          : put_middle(person.joint(joint), numbers, source);
    bad_numbers += usable ? 0 : 1;
  }
  return person;
}

bool anybody(const Person& person) {
  for (int joint = 0; joint < kJoints; ++joint) {
    if (person.seen(joint)) {
      return true;
    }
  }
  return false;
}

}  // namespace minet::pose
