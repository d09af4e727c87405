#include "minet/video/people.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "minet/core/progress.hpp"
#include "minet/core/signals.hpp"
#include "minet/video/frame_reader.hpp"

namespace minet::video {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kCountIn = 50;  // frames: a second or two
constexpr std::int64_t kEvery = 5;
constexpr double kLost = 1;  // s

double apart(const vision::Person& a, const vision::Person& b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

// Adds each person found to at most one track, nearest pairs first.
void extend(std::vector<PersonTrack>& tracks, std::vector<vision::Person>& last,
            std::vector<vision::Person> found, double time_s) {
  std::vector<bool> done(tracks.size());
  while (!found.empty()) {
    double nearest = 1;  // relative to the person's size
    std::size_t track = tracks.size(), person = 0;
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      for (std::size_t j = 0; !done[i] && j < found.size(); ++j) {
        const double away = apart(last[i], found[j]) / std::max(1.0, last[i].size);
        if (away < nearest) nearest = away, track = i, person = j;
      }
    }
    if (track == tracks.size()) return;
    done[track] = true;
    last[track] = found[person];
    tracks[track].times.push_back(time_s);
    tracks[track].places.push_back(found[person]);
    found.erase(found.begin() + static_cast<std::ptrdiff_t>(person));
  }
}

}  // namespace

std::vector<vision::Person> count_people(const fs::path& film, const vision::Estimator& estimator) {
  FrameReader reader(film);
  std::vector<std::vector<vision::Person>> seen;  // in each frame
  std::vector<std::size_t> numbers;
  Frame frame;
  while (reader.next(frame) && frame.index < kCountIn) {
    if (frame.index % kEvery != 0) continue;
    seen.push_back(estimator.find_people(frame.picture));
    numbers.push_back(seen.back().size());
  }
  if (numbers.empty()) return {};
  // The detector errs at times, so the most people seen in a single frame do not count.
  std::sort(numbers.rbegin(), numbers.rend());
  const std::size_t most = numbers.size() > 1 && numbers[1] > 0 ? numbers[1] : numbers[0];
  return *std::find_if(seen.begin(), seen.end(),
                       [&](const auto& people) { return people.size() == most; });
}

std::optional<vision::Person> PersonTrack::at(double time_s) const {
  if (times.empty()) return std::nullopt;
  const auto next = std::upper_bound(times.begin(), times.end(), time_s);
  const auto after = static_cast<std::size_t>(next - times.begin());
  const std::size_t a = after > 0 ? after - 1 : 0, b = std::min(after, times.size() - 1);
  const double since = time_s - times[a], until = times[b] - time_s;
  if (std::min(std::abs(since), std::abs(until)) > kLost) return std::nullopt;
  if (b == a) return places[a];
  const double part = since / (times[b] - times[a]);
  vision::Person between = places[a];
  between.x += part * (places[b].x - places[a].x);
  between.y += part * (places[b].y - places[a].y);
  between.size += part * (places[b].size - places[a].size);
  return between;
}

std::vector<PersonTrack> find_people(const fs::path& film, const fs::path& networks,
                                     const std::string& device) {
  const vision::Estimator estimator(networks, device);
  std::vector<vision::Person> last = count_people(film, estimator);
  if (last.size() < 2) return {};
  std::vector<PersonTrack> tracks(last.size());
  FrameReader reader(film);
  Progress progress("people", static_cast<std::int64_t>(reader.film().times.size()), "frames");
  Frame frame;
  while (reader.next(frame)) {
    throw_if_stopped_while("looking for people");
    if (frame.index % kEvery == 0) {
      extend(tracks, last, estimator.find_people(frame.picture), frame.time_s);
    }
    progress.update(frame.index + 1);
  }
  progress.finish();
  return tracks;
}

}  // namespace minet::video
