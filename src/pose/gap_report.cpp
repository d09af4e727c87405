// Counts gaps and writes the report for users.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "minet/core/words.hpp"
#include "minet/pose/gaps.hpp"
#include "pose/checks.hpp"

namespace minet::pose {
namespace {

double frame_seconds(const RawPose& pose) {
  return pose.frames() > 1 ? pose.times.back() / static_cast<double>(pose.frames() - 1) : 0.04;
}

template <class Visit>
void visit_group(JointGroup group, Visit visit) {
  for (int joint = 0; joint < kJoints; ++joint) {
    if (kSkeleton[static_cast<std::size_t>(joint)].group == group) {
      visit(joint);
    }
  }
}

std::string number(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

}  // namespace

GapReport find_gaps(const RawPose& pose, double confidence_threshold) {
  if (!(confidence_threshold >= 0 && confidence_threshold < 1)) {
    throw InputError(text("the confidence of a gap must be at least 0 and under 1, but is ",
                          to_text(confidence_threshold)));
  }
  const auto threshold = static_cast<float>(confidence_threshold);  // like Solos: 0.2F is a gap
  GapReport report;
  report.format = pose.format;
  report.frames = pose.frames();
  report.seconds = static_cast<double>(pose.frames()) * frame_seconds(pose);
  report.filled_by_source = pose.filled;
  report.absent_frames = pose.absent_frames;
  report.empty_frames = pose.empty_frames;
  report.multi_person_frames = pose.multi_person_frames;
  report.bad_numbers = pose.bad_numbers;
  report.notices = pose.notices;
  for (int joint = 0; joint < kJoints; ++joint) {
    std::int64_t gaps = 0, run = 0, longest = 0;
    bool seen = false;
    for (std::int64_t frame = 0; frame < pose.frames(); ++frame) {
      const float* at = pose.joint(frame, joint);
      const bool gap = at[2] <= threshold;
      gaps += gap ? 1 : 0;
      run = gap ? run + 1 : 0;
      longest = std::max(longest, run);
      seen = seen || at[2] > 0 || (pose.filled && !is_absent(at));
    }
    report.joints[static_cast<std::size_t>(joint)] = {
        .share =
            pose.frames() > 0 ? static_cast<double>(gaps) / static_cast<double>(pose.frames()) : 0,
        .longest_s = static_cast<double>(longest) * frame_seconds(pose),
        .never_seen = !seen};
  }
  return report;
}

double GapReport::share() const {
  double sum = 0;
  for (const JointGaps& joint : joints) {
    sum += joint.share;
  }
  return sum / kJoints;
}

double GapReport::share(JointGroup group) const {
  double sum = 0;
  int count = 0;
  visit_group(group, [&](int joint) {
    sum += joints[static_cast<std::size_t>(joint)].share;
    ++count;
  });
  return sum / count;
}

double GapReport::longest_s(JointGroup group) const {
  double longest = 0;
  visit_group(group, [&](int joint) {
    longest = std::max(longest, joints[static_cast<std::size_t>(joint)].longest_s);
  });
  return longest;
}

std::vector<int> GapReport::never_seen() const {
  std::vector<int> missing;
  for (int joint = 0; joint < kJoints; ++joint) {
    if (joints[static_cast<std::size_t>(joint)].never_seen) {
      missing.push_back(joint);
    }
  }
  return missing;
}

std::string GapReport::text() const {
  using minet::text;
  std::string result =
      text(format, ": ", counted(frames, "frame"), ", ", number("%.2f s, ", seconds),
           number("%.1f %% gaps", 100 * share()),
           filled_by_source ? ", positions already filled by the source" : "", "\n");
  result += "  joints       gaps      longest\n";
  for (int i = 0; i < kJointGroups; ++i) {
    const auto group = static_cast<JointGroup>(i);
    char line[96];
    std::snprintf(line, sizeof line, "  %-11s %5.1f %%  %8.2f s\n",
                  std::string(group_name(group)).c_str(), 100 * share(group), longest_s(group));
    result += line;
  }
  const std::vector<int> missing = never_seen();
  if (!missing.empty()) {
    std::vector<std::string> names;
    for (int i = 0; i < kJointGroups; ++i) {  // a whole group by its name
      const auto group = static_cast<JointGroup>(i);
      std::vector<std::string> own;
      bool whole = true;
      visit_group(group, [&](int joint) {
        if (joints[static_cast<std::size_t>(joint)].never_seen) {
          own.emplace_back(kSkeleton[static_cast<std::size_t>(joint)].name);
        } else {
          whole = false;
        }
      });
      if (whole) {
        own = {std::string(group_name(group))};
      }
      names.insert(names.end(), own.begin(), own.end());
    }
    result += text("  never seen (placed on the parent joint): ", join(names, ", "), "\n");
  }
  return result;
}

}  // namespace minet::pose
