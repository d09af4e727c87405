// Most tools list people in no stable order, so everybody is followed by neck and shoulders
// (follower.cpp, join_tracks.cpp); the player is the one seen longest and largest, those with hands
// first. tracked_people.cpp handles files in which a tracker numbered the people. Nothing more
// elaborate: players stay in their places, and a recording in which two cross should be cropped
// first.
#include "pose/people.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "minet/core/signals.hpp"
#include "pose/body_distance.hpp"
#include "pose/checks.hpp"
#include "pose/follower.hpp"
#include "pose/join_tracks.hpp"
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

bool has_ids(const std::vector<std::vector<Person>>& files) {
  return std::any_of(files.begin(), files.end(), [](const auto& people) {
    return std::any_of(people.begin(), people.end(), [](const Person& p) { return p.id >= 0; });
  });
}

// Mean x of a person over the recording.
double place(const Followed& person, const std::vector<std::vector<Person>>& files) {
  double sum = 0;
  std::int64_t count = 0;
  for (const Sighting& at : person.sightings) {
    const double x = place(files[at.file][static_cast<std::size_t>(at.index)]);
    if (x == kFar) continue;
    sum += x;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : kFar;
}

void check_person(const ReadPoseOptions& options, std::size_t people,
                  const std::filesystem::path& source) {
  if (options.person && (*options.person < 0 || std::cmp_greater_equal(*options.person, people))) {
    throw InputError(text("expected person ", *options.person, " in ", shown(source), ", got ",
                          counted(people, "person", "people"), ", without those seen rarely; ",
                          "persons count from 0, so choose a smaller number"));
  }
}

void check_players(const ReadPoseOptions& options, std::size_t people, Notices& notices) {
  if (!options.players || std::cmp_equal(people, *options.players)) return;
  const bool more = std::cmp_greater(people, *options.players);
  notices.push_back(
      {NoticeKind::players,
       text(counted(people, "person is", "people are"), " seen, but ", *options.players, " play: ",
            more ? "those seen longest and largest are taken as the players"
                 : "the players may be taken for each other",
            "; check who is where, or crop the video")});
}

std::vector<Followed> find_people(const std::vector<std::vector<Person>>& files,
                                  const std::vector<std::int64_t>& numbers) {
  Follower follower(/*has_ids=*/false);
  for (std::size_t i = 0; i < files.size(); ++i) {
    throw_if_stopped_while("following people");
    follower.see(files[i], i, numbers[i]);
  }
  return join_tracks(follower.tracks(), files, numbers);
}

const Followed& from_left(const std::vector<Followed>& people, int person,
                          const std::vector<std::vector<Person>>& files) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < people.size(); ++i) order.emplace_back(place(people[i], files), i);
  std::sort(order.begin(), order.end());
  return people[order[static_cast<std::size_t>(person)].second];
}

// Steps that nobody can be sure of: after a loss to another place, or over a cut, unless a
// tracker's id is the same.
void tell_doubts(const Followed& player, const std::vector<std::vector<Person>>& files,
                 const std::vector<std::int64_t>& numbers, Notices& notices) {
  std::int64_t doubts = 0, first = 0;
  double size = 0;
  const Person* last = nullptr;
  std::int64_t last_number = 0;
  for (const Sighting& at : player.sightings) {
    const Person& person = files[at.file][static_cast<std::size_t>(at.index)];
    const std::int64_t number = numbers[at.file];
    const std::int64_t passed = std::min(number - last_number, kLongestLoss);
    const bool same_id = last != nullptr && person.id >= 0 && person.id == last->id;
    if (last != nullptr && !same_id && distance(*last, person) > reach(size, passed) &&
        doubts++ == 0) {
      first = number;
    }
    size = size_after(size, person);
    last = &person;
    last_number = number;
  }
  if (doubts == 0) return;
  notices.push_back(
      {NoticeKind::identity, text("the player is lost and found again in another place",
                                  doubts > 1 ? text(" ", doubts, " times, first") : "",
                                  " in frame ", first, ": it may be somebody else")});
}

}  // namespace

std::vector<int> choose_person(const std::vector<std::vector<Person>>& files,
                               const std::vector<std::int64_t>& numbers,
                               const ReadPoseOptions& options, const std::filesystem::path& source,
                               Notices& notices) {
  std::vector<int> chosen(files.size(), -1);
  const auto choose = [&](const Followed& player) {
    for (const Sighting& at : player.sightings) chosen[at.file] = at.index;
    tell_doubts(player, files, numbers, notices);
    return chosen;
  };
  if (has_ids(files)) return choose(choose_tracked(files, numbers, options, source, notices));
  std::size_t most = 0;
  for (const std::vector<Person>& people : files) most = std::max(most, people.size());
  if (most <= 1) {  // nobody else to choose
    check_players(options, most, notices);
    check_person(options, most, source);
    for (std::size_t i = 0; i < files.size(); ++i) chosen[i] = files[i].empty() ? -1 : 0;
    return chosen;
  }
  std::vector<Followed> people = find_people(files, numbers);
  check_players(options, people.size(), notices);
  if (options.players && std::cmp_greater(people.size(), *options.players)) {
    people.resize(static_cast<std::size_t>(*options.players));
  }
  check_person(options, people.size(), source);
  return choose(options.person ? from_left(people, *options.person, files) : people.front());
}

}  // namespace minet::pose
