// Most tools list people in no stable order, so people are followed by the nearest neck and
// shoulders; the player is the longest and largest of the tracks, those with hands first.
// tracked_people.cpp handles files in which a tracker numbered the people. Nothing more elaborate:
// players stay in their places, and a recording in which two cross should be cropped first.
#include "pose/people.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "pose/body_distance.hpp"
#include "pose/checks.hpp"
#include "pose/tracked_people.hpp"

namespace minet::pose {
namespace {

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
    const std::int64_t passed = std::abs(at(numbers, i) - last_number);
    if (best >= 0 && best_distance <= reach(size, passed)) {
      at(chosen, i) = best;
      last = &people[static_cast<std::size_t>(best)];
      last_number = at(numbers, i);
      size = std::max(body_size(*last), 0.5 * size);
    }
  }
}

// A person followed forwards, to find the player.
struct Track {
  std::size_t first_file = 0;
  int first_index = 0;
  const Person* last = nullptr;
  std::int64_t last_number = 0;
  double size = 0;  // as in `follow`
  Presence presence;
};

constexpr std::size_t kMostLiveTracks = 200;  // beyond that, those unseen for longest are dropped

struct Step {
  double distance;
  std::size_t track;
  int person;
};

// Continues each track with its nearest person, nearest pairs first; others start new tracks.
void extend(std::vector<Track>& tracks, std::vector<std::size_t>& live,
            const std::vector<Person>& people, std::size_t file, std::int64_t number) {
  std::vector<Step> steps;
  for (const std::size_t t : live) {
    for (std::size_t p = 0; p < people.size(); ++p) {
      const double d = distance(*tracks[t].last, people[p]);
      if (d <= reach(tracks[t].size, number - tracks[t].last_number)) {
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

// The first appearance of the longest, largest track: file and index in it.
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

bool has_ids(const std::vector<std::vector<Person>>& files) {
  return std::any_of(files.begin(), files.end(), [](const auto& people) {
    return std::any_of(people.begin(), people.end(), [](const Person& p) { return p.id >= 0; });
  });
}

}  // namespace

std::vector<int> choose_person(const std::vector<std::vector<Person>>& files,
                               const std::vector<std::int64_t>& numbers,
                               const ReadPoseOptions& options, const std::filesystem::path& source,
                               Notices& notices) {
  if (has_ids(files)) {
    return choose_tracked(files, numbers, options, source, notices);
  }
  std::vector<int> chosen(files.size(), -1);
  const auto most = std::max_element(
      files.begin(), files.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  const std::size_t most_people = most == files.end() ? 0 : most->size();
  if (options.person &&
      (*options.person < 0 || static_cast<std::size_t>(*options.person) >= most_people)) {
    throw InputError(text("expected person ", *options.person, " in ", shown(source),
                          ", got at most ", most_people,
                          " people in a frame; persons count from 0, so choose a smaller number"));
  }
  if (most_people <= 1) {  // nobody else to choose
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
