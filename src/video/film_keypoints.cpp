#include "minet/video/film_keypoints.hpp"

#include <time.h>

#include <optional>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/video/people.hpp"

namespace minet::video {
namespace fs = std::filesystem;
namespace {

// CPU time of this thread, which runs its share of the networks; other programs do not count.
double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void choose_person(const fs::path& film, int person, const std::vector<vision::Person>& people,
                   vision::Estimator& estimator) {
  if (person < 0 || person >= static_cast<int>(people.size())) {
    throw InputError(text(shown(film), ": expected person ", person, " (counted from 0), got ",
                          counted(people.size(), "person", "people"), " in the first frames"));
  }
  estimator.follow(people[static_cast<std::size_t>(person)]);
}

// Chooses the player among the people who are seen.
void choose_player(const fs::path& film, std::optional<int> person, vision::Estimator& estimator,
                   Notices& notices) {
  const auto people = count_people(film, estimator);
  if (person) return choose_person(film, *person, people, estimator);
  if (people.size() < 2) return;
  estimator.keep_player();
  notices.push_back({NoticeKind::shared_frames,
                     text(people.size(), " people are seen in the first frames: the one seen best ",
                          "is followed; choose another with the option 'person'")});
}

void add(pose::RawPose& raw, double time_s, const std::optional<vision::Player>& player, int width,
         int height) {
  raw.times.push_back(time_s);
  vision::Joints joints{};
  if (player) {
    joints = vision::joints_of(*player, width, height);
  } else {
    ++raw.empty_frames;
  }
  raw.data.insert(raw.data.end(), joints.begin(), joints.end());
}

}  // namespace

FilmKeypoints find_keypoints(const fs::path& film, const FilmKeypointOptions& options) {
  FrameReader reader(film);
  vision::Estimator estimator(options.networks, options.device);
  FilmKeypoints found;
  choose_player(film, options.person, estimator, found.raw.notices);
  found.raw.format = "video";
  found.raw.width = reader.width();
  found.raw.height = reader.height();
  Progress progress("keypoints", static_cast<std::int64_t>(reader.film().times.size()), "frames");
  double spent = 0;
  Frame frame;
  while (reader.next(frame)) {
    throw_if_stopped_while("finding keypoints");
    const double began = processor_seconds();
    const auto player = estimator.look(frame.picture, frame.time_s);
    spent += processor_seconds() - began;
    if (options.each) options.each(frame, player);
    add(found.raw, frame.time_s, player, reader.width(), reader.height());
    progress.update(frame.index + 1, options.device == "cpu" ? "" : options.device);
  }
  progress.finish();
  found.counts = estimator.counts();
  if (found.counts.bodies == 0) {
    throw InputError(text(shown(film), ": expected a person in the video, got nobody in ",
                          counted(found.counts.pictures, "frame"),
                          "; film the player from the hips up, upright"));
  }
  found.seconds_a_picture = spent / static_cast<double>(found.counts.pictures);
  return found;
}

}  // namespace minet::video
