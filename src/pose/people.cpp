// OpenPose lists people in no stable order, so the player is followed from a first choice by the
// nearest neck and shoulders. Nothing fancier: players keep their places, and a recording in which
// two cross should be cropped first.
#include "pose/people.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "pose/checks.hpp"

namespace minet::pose {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();
// A step beyond this share of the body's size is another person; it grows while nobody is seen.
constexpr double kReach = 0.6;
constexpr double kReachPerFrame = 0.05;

// Diagonal of the box around the upper body's seen joints, in source units.
double body_size(const Person& person) {
  double left = kFar, right = -kFar, top = kFar, bottom = -kFar;
  for (int joint = 0; joint < kRightHand; ++joint) {
    if (person.seen(joint)) {
      left = std::min<double>(left, person.joint(joint)[0]);
      right = std::max<double>(right, person.joint(joint)[0]);
      top = std::min<double>(top, person.joint(joint)[1]);
      bottom = std::max<double>(bottom, person.joint(joint)[1]);
    }
  }
  return left > right ? 0 : std::hypot(right - left, bottom - top);
}

bool has_hands(const Person& person) {
  for (int joint = kRightHand; joint < kJoints; ++joint) {
    if (person.joint(joint)[2] > static_cast<float>(kGapConfidence)) {
      return true;
    }
  }
  return false;
}

// Mean distance over neck and shoulders seen in both, else over any upper-body joint.
double distance(const Person& a, const Person& b) {
  const auto mean_over = [&](std::initializer_list<int> joints) {
    double sum = 0;
    int count = 0;
    for (const int joint : joints) {
      if (a.seen(joint) && b.seen(joint)) {
        sum += std::hypot(a.joint(joint)[0] - b.joint(joint)[0],
                          a.joint(joint)[1] - b.joint(joint)[1]);
        ++count;
      }
    }
    return count > 0 ? sum / count : kFar;
  };
  const double trunk = mean_over({kNeck, kRightShoulder, kLeftShoulder});
  return std::isfinite(trunk) ? trunk
                              : mean_over({kRightElbow, kRightWrist, kLeftElbow, kLeftWrist});
}

// Mean x of the seen upper-body joints.
double place(const Person& person) {
  double sum = 0;
  int count = 0;
  for (int joint = 0; joint < kRightHand; ++joint) {
    if (person.seen(joint)) {
      sum += person.joint(joint)[0];
      ++count;
    }
  }
  return count > 0 ? sum / count : kFar;
}

// Follows the person chosen in file `seed` towards the last (step 1) or first (step -1) file.
void follow(const std::vector<std::vector<Person>>& files, const std::vector<std::int64_t>& numbers,
            std::ptrdiff_t seed, std::ptrdiff_t step, std::vector<int>& chosen) {
  const auto at = [](auto& list, std::ptrdiff_t i) -> auto& {
    return list[static_cast<std::size_t>(i)];
  };
  const auto count = static_cast<std::ptrdiff_t>(files.size());
  const Person* last = &at(files, seed)[static_cast<std::size_t>(at(chosen, seed))];
  std::int64_t last_number = at(numbers, seed);
  double size = body_size(*last);
  for (std::ptrdiff_t i = seed + step; i >= 0 && i < count; i += step) {
    const std::vector<Person>& people = at(files, i);
    int best = -1;
    double best_distance = kFar;
    for (std::size_t p = 0; p < people.size(); ++p) {
      const double d = distance(*last, people[p]);
      if (d < best_distance) {
        best = static_cast<int>(p);
        best_distance = d;
      }
    }
    const auto passed = static_cast<double>(std::abs(at(numbers, i) - last_number));
    if (best >= 0 && best_distance <= size * (kReach + kReachPerFrame * passed)) {
      at(chosen, i) = best;
      last = &people[static_cast<std::size_t>(best)];
      last_number = at(numbers, i);
      size = std::max(body_size(*last), 0.5 * size);
    }
  }
}

}  // namespace

std::vector<int> choose_person(const std::vector<std::vector<Person>>& files,
                               const std::vector<std::int64_t>& numbers,
                               const ReadPoseOptions& options,
                               const std::filesystem::path& source) {
  std::vector<int> chosen(files.size(), -1);
  const auto most = std::max_element(
      files.begin(), files.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  const std::size_t most_people = most == files.end() ? 0 : most->size();
  if (options.person &&
      (*options.person < 0 || static_cast<std::size_t>(*options.person) >= most_people)) {
    throw InputError(text("Expected person ", *options.person, " in ", shown(source),
                          ", got at most ", most_people,
                          " people in a frame; persons count from 0, so choose a smaller number."));
  }
  if (options.person && options.order == PersonOrder::listed) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (static_cast<std::size_t>(*options.person) < files[i].size()) {
        chosen[i] = *options.person;
      }
    }
    return chosen;
  }
  if (most_people <= 1) {  // nobody else whom it could be
    for (std::size_t i = 0; i < files.size(); ++i) {
      chosen[i] = files[i].empty() ? -1 : 0;
    }
    return chosen;
  }
  std::ptrdiff_t seed = 0;
  if (options.person) {
    seed = most - files.begin();
    std::vector<int> order(most_people);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return place((*most)[static_cast<std::size_t>(a)]) <
             place((*most)[static_cast<std::size_t>(b)]);
    });
    chosen[static_cast<std::size_t>(seed)] = order[static_cast<std::size_t>(*options.person)];
  } else {
    const auto first = std::find_if(files.begin(), files.end(),
                                    [](const auto& people) { return !people.empty(); });
    seed = first - files.begin();
    const auto player =
        std::max_element(first->begin(), first->end(), [](const Person& a, const Person& b) {
          return std::pair(has_hands(a), body_size(a)) < std::pair(has_hands(b), body_size(b));
        });
    chosen[static_cast<std::size_t>(seed)] = static_cast<int>(player - first->begin());
  }
  follow(files, numbers, seed, 1, chosen);
  follow(files, numbers, seed, -1, chosen);
  return chosen;
}

}  // namespace minet::pose
