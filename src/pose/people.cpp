// Most tools list people in no stable order, so everybody is followed by the nearest neck and
// shoulders (follower.hpp); the player is the one seen longest and largest, those with hands first.
// tracked_people.cpp handles files in which a tracker numbered the people. Nothing more elaborate:
// players stay in their places, and a recording in which two cross should be cropped first.
#include "pose/people.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "minet/core/words.hpp"
#include "pose/checks.hpp"
#include "pose/follower.hpp"
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

// One person: tracks that follow one another.
struct Someone {
  std::vector<const Track*> parts;
  Presence presence;
  std::int64_t moves = 0;  // times that they were lost and taken up out of reach
};

constexpr std::size_t kMostWaiting = 200;  // people who may still come back

// Somebody who is lost may be taken up elsewhere, as at a cut in the video: a track that begins
// after another has ended belongs to that person, if it is nearest to where they were, and the
// farther away, the longer it must last.
std::vector<Someone> people_of(const std::vector<Track>& tracks) {
  std::vector<Someone> people;
  std::vector<std::size_t> waiting;
  for (const Track& track : tracks) {
    Someone* nearest = nullptr;
    double least = kFar;
    for (const std::size_t i : waiting) {
      const Track& before = *people[i].parts.back();
      if (before.last_number >= track.first_number) continue;
      const double away = distance(*before.last, *track.first);
      const std::int64_t until = track.last_number - before.last_number;
      if (away < least && away <= reach(before.size, until)) nearest = &people[i], least = away;
    }
    if (nearest == nullptr) {
      waiting.push_back(people.size());
      nearest = &people.emplace_back();
    } else {
      ++nearest->moves;
    }
    nearest->parts.push_back(&track);
    nearest->presence.add(track.presence);
    if (waiting.size() > kMostWaiting) {  // the one who was seen last the longest ago
      const auto last = [&](std::size_t i) { return people[i].parts.back()->last_number; };
      waiting.erase(
          std::min_element(waiting.begin(), waiting.end(),
                           [&](std::size_t a, std::size_t b) { return last(a) < last(b); }));
    }
  }
  return people;
}

// Mean x of a person.
double mean_place(const Someone& someone, const std::vector<std::vector<Person>>& files) {
  double sum = 0;
  std::int64_t count = 0;
  for (const Track* track : someone.parts) {
    for (const auto& [file, index] : track->places) {
      const double x = place(files[file][static_cast<std::size_t>(index)]);
      if (std::isfinite(x)) sum += x, ++count;
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : kFar;
}

// People seen in fewer of the frames than this are a detector's mistakes, or guests.
constexpr double kLeastShare = 0.1;

// From left to right.
std::vector<Someone> in_order(std::vector<Someone> people,
                              const std::vector<std::vector<Person>>& files) {
  const auto frames =
      std::count_if(files.begin(), files.end(), [](const auto& list) { return !list.empty(); });
  std::erase_if(people, [&](const Someone& one) {
    return static_cast<double>(one.presence.frames) < kLeastShare * static_cast<double>(frames);
  });
  std::vector<std::pair<double, std::size_t>> places;
  for (std::size_t i = 0; i < people.size(); ++i)
    places.emplace_back(mean_place(people[i], files), i);
  std::sort(places.begin(), places.end());
  std::vector<Someone> ordered;
  for (const auto& [x, i] : places) ordered.push_back(people[i]);
  return ordered;
}

const Someone& player(const std::vector<Someone>& people) {
  return *std::max_element(people.begin(), people.end(), [](const Someone& a, const Someone& b) {
    return a.presence.rank() < b.presence.rank();
  });
}

// Refuses a person beyond these many, and notes if there should be a different number.
void check_count(std::size_t count, const ReadPoseOptions& options,
                 const std::filesystem::path& source, Notices& notices) {
  if (options.person &&
      (*options.person < 0 || static_cast<std::size_t>(*options.person) >= count)) {
    throw InputError(text("expected person ", *options.person, " in ", shown(source), ", got ",
                          counted(count, "person", "people"), " seen in at least a tenth of the ",
                          "frames; persons count from 0, so choose a smaller number"));
  }
  if (options.people && *options.people != static_cast<std::int64_t>(count)) {
    notices.push_back(
        {NoticeKind::identity,
         text(counted(count, "person", "people"), " seen in at least a tenth of the ",
              "frames, but there should be ", *options.people, "; check who was followed")});
  }
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
  const bool alone =
      std::all_of(files.begin(), files.end(), [](const auto& list) { return list.size() <= 1; });
  if (alone) {  // nobody else to choose, and nobody to follow
    check_count(1, options, source, notices);
    for (std::size_t i = 0; i < files.size(); ++i) chosen[i] = files[i].empty() ? -1 : 0;
    return chosen;
  }
  Follower follower;
  for (std::size_t i = 0; i < files.size(); ++i) follower.see(files[i], i, numbers[i]);
  std::vector<Someone> people = people_of(follower.tracks());
  if (options.person || options.people) {
    std::vector<Someone> ordered = in_order(people, files);
    check_count(ordered.size(), options, source, notices);
    if (options.person) people = {ordered[static_cast<std::size_t>(*options.person)]};
  }
  const Someone& one = player(people);
  for (const Track* track : one.parts) {
    for (const auto& [file, index] : track->places) chosen[file] = index;
  }
  if (one.moves > 0) {
    notices.push_back(
        {NoticeKind::identity, text("the player was lost and taken up elsewhere ",
                                    counted(one.moves, "time"), "; it may be another person")});
  }
  return chosen;
}

}  // namespace minet::pose
