// Most tools list people in no stable order, so the player is followed by the nearest neck and
// shoulders: of all the tracks, the one that is longest and largest, with hands before without.
// Where a tracker has numbered the people, its numbers are used instead. Nothing fancier: players
// keep their places, and a recording in which two cross should be cropped first.
#include "pose/people.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
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

// How long and how large somebody was seen: the sum of the body's sizes over the frames.
struct Presence {
  std::int64_t frames = 0, with_hands = 0;
  double size = 0;
  void add(const Person& person) {
    ++frames;
    with_hands += has_hands(person) ? 1 : 0;
    size += body_size(person);
  }
  // Hands first: a viewer without an instrument may well sit nearer to the camera.
  std::pair<bool, double> rank() const { return {2 * with_hands >= frames, size}; }
};

// A person followed forwards, to find the player.
struct Track {
  std::size_t first_file = 0;
  int first_index = 0;
  const Person* last = nullptr;
  std::int64_t last_number = 0;
  double size = 0;  // as in `follow`
  Presence presence;
};

constexpr std::size_t kMostLiveTracks = 200;  // beyond, the one unseen for longest is let go

struct Step {
  double distance;
  std::size_t track;
  int person;
};

// Continues each track by its nearest person, nearest pairs first; who is left starts a track.
void extend(std::vector<Track>& tracks, std::vector<std::size_t>& live,
            const std::vector<Person>& people, std::size_t file, std::int64_t number) {
  std::vector<Step> steps;
  for (const std::size_t t : live) {
    for (std::size_t p = 0; p < people.size(); ++p) {
      const double d = distance(*tracks[t].last, people[p]);
      const auto passed = static_cast<double>(number - tracks[t].last_number);
      if (d <= tracks[t].size * (kReach + kReachPerFrame * passed)) {
        steps.push_back({d, t, static_cast<int>(p)});
      }
    }
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& a, const Step& b) { return a.distance < b.distance; });
  std::vector<bool> taken(people.size(), false);
  const auto see = [&](Track& track, int p) {
    const Person& person = people[static_cast<std::size_t>(p)];
    taken[static_cast<std::size_t>(p)] = true;
    track.last = &person;
    track.last_number = number;
    track.size = std::max(body_size(person), 0.5 * track.size);
    track.presence.add(person);
  };
  for (const Step& step : steps) {
    Track& track = tracks[step.track];
    const bool continued = track.last_number == number;
    if (!continued && !taken[static_cast<std::size_t>(step.person)]) {
      see(track, step.person);
    }
  }
  for (std::size_t p = 0; p < people.size(); ++p) {
    if (!taken[p] && anybody(people[p])) {
      tracks.emplace_back();
      tracks.back().first_file = file;
      tracks.back().first_index = static_cast<int>(p);
      see(tracks.back(), static_cast<int>(p));
      live.push_back(tracks.size() - 1);
    }
  }
  if (live.size() > kMostLiveTracks) {
    std::stable_sort(live.begin(), live.end(), [&](std::size_t a, std::size_t b) {
      return tracks[a].last_number > tracks[b].last_number;
    });
    live.resize(kMostLiveTracks);
  }
}

// The longest, largest track's first appearance: file and index in it.
std::pair<std::size_t, int> player_start(const std::vector<std::vector<Person>>& files,
                                         const std::vector<std::int64_t>& numbers) {
  std::vector<Track> tracks;
  std::vector<std::size_t> live;
  for (std::size_t i = 0; i < files.size(); ++i) {
    extend(tracks, live, files[i], i, numbers[i]);
  }
  const auto best = std::max_element(
      tracks.begin(), tracks.end(),
      [](const Track& a, const Track& b) { return a.presence.rank() < b.presence.rank(); });
  return {best->first_file, best->first_index};
}

// By a tracker's ids.
std::vector<int> choose_id(const std::vector<std::vector<Person>>& files,
                           const ReadPoseOptions& options, const std::filesystem::path& source) {
  std::map<int, Presence> ids;
  for (const auto& people : files) {
    for (const Person& person : people) {
      if (person.id >= 0) {
        ids[person.id].add(person);
      }
    }
  }
  int id = options.person.value_or(-1);
  if (options.person && !ids.contains(id)) {
    std::string list;
    std::size_t listed = 0;
    for (const auto& [known, presence] : ids) {
      list += ++listed > 10 ? "" : text(list.empty() ? "" : ", ", known);
    }
    throw InputError(text("Expected one of the tracker's people (", list,
                          ids.size() > 10 ? ", ..." : "", ") of ", shown(source), ", got person ",
                          id, "; choose one of these numbers."));
  }
  if (!options.person) {
    id = std::max_element(ids.begin(), ids.end(), [](const auto& a, const auto& b) {
           return a.second.rank() < b.second.rank();
         })->first;
  }
  std::vector<int> chosen(files.size(), -1);
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (std::size_t p = 0; p < files[i].size(); ++p) {
      if (files[i][p].id == id && chosen[i] < 0) {
        chosen[i] = static_cast<int>(p);
      }
    }
  }
  return chosen;
}

bool has_ids(const std::vector<std::vector<Person>>& files) {
  return std::any_of(files.begin(), files.end(), [](const auto& people) {
    return std::any_of(people.begin(), people.end(), [](const Person& p) { return p.id >= 0; });
  });
}

}  // namespace

std::vector<int> choose_person(const std::vector<std::vector<Person>>& files,
                               const std::vector<std::int64_t>& numbers,
                               const ReadPoseOptions& options,
                               const std::filesystem::path& source) {
  if (has_ids(files)) {
    return choose_id(files, options, source);
  }
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
    const auto [file, index] = player_start(files, numbers);
    seed = static_cast<std::ptrdiff_t>(file);
    chosen[file] = index;
  }
  follow(files, numbers, seed, 1, chosen);
  follow(files, numbers, seed, -1, chosen);
  return chosen;
}

}  // namespace minet::pose
