// People by frame -> RawPose, for all formats that list people.
#include "pose/recording.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>

#include "minet/core/signals.hpp"
#include "minet/core/words.hpp"
#include "pose/checks.hpp"
#include "pose/people.hpp"
#include "pose/time_stamps.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;

// Pauses without frames are filled with empty frames, so their length is limited: a few frames that
// are hours apart would take gigabytes.
constexpr double kMaxPause = 600;  // s

bool has_place(const Person& person) {
  return std::any_of(person.points.begin(), person.points.end(), [](float v) { return v != 0; });
}

// `times` of the frames that were read, increasing.
void check_pauses(const std::vector<double>& times, const fs::path& path) {
  double last = 0;
  for (const double time : times) {
    if (time - last > kMaxPause) {
      throw InputError(text("expected keypoints without a pause of more than ",
                            human_duration(kMaxPause), " in ", shown(path), ", got none from ",
                            to_text(last), " s to ", to_text(time),
                            " s; check the times or the frame rate, or split the recording there"));
    }
    last = time;
  }
  if (last > kMaxPause + static_cast<double>(times.size())) {
    throw InputError(text("expected at least one frame of keypoints per second in ", shown(path),
                          ", got ", counted(times.size(), "frame"), " in ", human_duration(last),
                          "; check the times or the frame rate, or extract more frames"));
  }
}

// The part of a name that is the frame number: the last run of digits in the stem.
struct NumberPlace {
  std::size_t first, end;
};
std::optional<NumberPlace> number_place(const std::string& stem) {
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t last = stem.find_last_of(kDigits);
  if (last == std::string::npos) return std::nullopt;
  const std::size_t before = stem.find_last_not_of(kDigits, last);
  return NumberPlace{before == std::string::npos ? 0 : before + 1, last + 1};
}

// The time of a frame that need not be among `times`: interpolated, or extrapolated at the nearest
// two frames' rate.
double time_of(const std::map<std::int64_t, double>& times, std::int64_t number) {
  if (times.empty()) return 0;
  auto after = times.lower_bound(number);
  if (after != times.end() && after->first == number) return after->second;
  if (times.size() == 1) return times.begin()->second;
  if (after == times.begin()) ++after;
  if (after == times.end()) --after;
  const auto before = std::prev(after);
  const double seconds = (after->second - before->second) /
                         static_cast<double>(after->first - before->first);  // per frame
  return before->second + seconds * static_cast<double>(number - before->first);
}

}  // namespace

std::optional<std::int64_t> number_in(std::string_view name) {
  constexpr double kMost = 1e15;
  if (const auto number = parse_double(trim(name))) {
    const bool whole = *number == std::floor(*number) && std::abs(*number) < kMost;
    return whole ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
  }
  return frame_number(fs::path(trim(name)).filename());
}

std::string recording_name(const fs::path& file) {
  std::string stem = file.stem().string();
  if (const auto place = number_place(stem))
    stem.replace(place->first, place->end - place->first, "");
  return (file.parent_path() / stem).string();
}

void OneRecording::see(const fs::path& file) {
  const std::string name = recording_name(file);
  if (!name_) {
    name_ = name;
    first_ = file;
  } else if (*name_ != name) {
    throw InputError(text("expected the frames of one recording in ", shown(path_), ", got ",
                          shown(first_), " and ", shown(file),
                          ", which are named as two; give each recording its own file or folder"));
  }
}

void refuse_rows(const ReadPoseOptions& options, const fs::path& path) {
  if (options.rows) {
    throw InputError(text("Rows can be chosen in arrays only, but ", shown(path),
                          " holds frames of people; leave them out"));
  }
}

void check_span(std::size_t count, std::int64_t start, std::int64_t last, const fs::path& path) {
  const std::int64_t span = last - start + 1;  // numbers have at most 18 digits: no overflow
  constexpr std::int64_t kAlwaysFine = 20'000;
  if (span > kMaxFrames || (span > kAlwaysFine && span / 100 > static_cast<std::int64_t>(count))) {
    std::error_code ignored;
    const bool folder = fs::is_directory(path, ignored);
    throw InputError(text("expected consecutive frame numbers in ", shown(path), ", got ", count,
                          folder ? " files from " : " frames from ", start, " to ", last,
                          folder ? "; keep each recording's OpenPose files in a separate folder"
                                 : "; keep one recording in a file"));
  }
}

RecordingBuilder::RecordingBuilder(std::string what, fs::path path)
    : what_(std::move(what)), path_(std::move(path)) {}

std::vector<Person>& RecordingBuilder::frame(std::int64_t number) {
  throw_if_stopped_while("reading keypoints");  // long recordings take minutes
  constexpr std::int64_t kMaxNumber = 999'999'999'999'999'999;
  if (number < 0 || number > kMaxNumber) {
    throw InputError(text("expected frame numbers from 0 on in ", shown(path_), ", got ", number,
                          "; check the tool that wrote it"));
  }
  if (frames_.size() == static_cast<std::size_t>(kMaxFrames) && !frames_.contains(number)) {
    throw InputError(text("expected at most ", kMaxFrames, " frames in ", shown(path_),
                          ", got more; split the recording"));
  }
  return frames_[number];
}

void RecordingBuilder::add(std::int64_t number, Person person) {
  std::vector<Person>& people = frame(number);
  if (people.size() == kMaxPeople) {
    throw InputError(text("expected at most ", kMaxPeople, " people in a frame of ", shown(path_),
                          ", got more in frame ", number, "; check that it is one recording"));
  }
  people.push_back(std::move(person));
}

Recording RecordingBuilder::finish(const ReadPoseOptions& options, RawPose& pose,
                                   bool only_people) {
  if (options.first_frame) {
    frames_.erase(frames_.begin(), frames_.lower_bound(*options.first_frame));
  }
  if (frames_.empty() || (options.first_frame && *options.first_frame < 0)) {
    throw InputError(text(
        "expected frames of keypoints in ", shown(path_), ", got none",
        options.first_frame ? text(" from frame ", *options.first_frame, " on") : std::string(),
        "; check the tool that wrote it"));
  }
  Recording recording;
  recording.what = what_;
  const std::int64_t first = frames_.begin()->first;
  const std::int64_t unsaid = only_people && first > 1 ? 0 : first;
  recording.start = options.first_frame.value_or(unsaid);
  if (!options.first_frame && first > 1) {
    pose.notices.push_back(
        {NoticeKind::late_start,
         only_people
             ? text("the first frame with anybody is number ", first, ", counted from 0, so the ",
                    "player enters late; if the recording begins at that number, give it as ",
                    "the first frame")
             : text("the first frame is number ", first, ", which is taken as time 0")});
  }
  check_span(frames_.size(), recording.start, frames_.rbegin()->first, path_);
  for (auto& [number, people] : frames_) {
    recording.numbers.push_back(number);
    recording.people.push_back(std::move(people));
  }
  frames_.clear();
  return recording;
}

void assemble(Recording& recording, const ReadPoseOptions& options, const fs::path& path,
              RawPose& pose) {
  bool seen = false, placed = false;
  for (std::vector<Person>& people : recording.people) {
    placed = placed || std::any_of(people.begin(), people.end(), has_place);
    // A person without any seen joint is nobody: some tools write zeros if nobody is there.
    std::erase_if(people, [](const Person& person) { return !anybody(person); });
    seen |= !people.empty();
    pose.multi_person_frames += people.size() > 1 ? 1 : 0;
  }
  const std::size_t read = recording.numbers.size();
  if (!seen) {
    throw InputError(
        placed ? text("expected a confidence above 0 for the points that have a position in ",
                      shown(path), ", got 0 for every point of every person; write the tool's ",
                      "scores or visibilities, or 1 where it has none")
               : text("expected a person in ", shown(path), ", got nobody in any of its ", read,
                      read == 1 ? " frame" : " frames",
                      "; check the video that the keypoints were taken from"));
  }
  const std::vector<int> chosen =
      choose_person(recording.people, recording.numbers, options, path, pose.notices);

  // The frame numbers: all from the start to the last, or those that have a time.
  std::vector<std::int64_t> frames;
  if (recording.times.empty()) {
    for (std::int64_t number = recording.start; number <= recording.numbers.back(); ++number) {
      frames.push_back(number);
    }
    const bool film = recording.from_film && options.film != nullptr;
    if (!options.fps && !film && recording.note_rate) {
      pose.notices.push_back({NoticeKind::assumed_rate,
                              text(to_text(recording.fps), " frames per second are assumed, as ",
                                   recording.what, " do not say")});
    }
    pose.times =
        film ? times_in_film(static_cast<std::int64_t>(frames.size()), options, path, pose.notices)
             : even_times(static_cast<std::int64_t>(frames.size()),
                          options.fps.value_or(recording.fps));
  } else {
    const double unit = second_of(recording.times, path, pose.notices);
    const double zero = options.first_frame ? time_of(recording.times, recording.start) : 0.0;
    for (const auto& [number, time] : recording.times) {
      if (number >= recording.start) {
        pose.times.push_back((time - zero) * unit);
        frames.push_back(number);
      }
    }
  }
  std::vector<std::ptrdiff_t> places;  // of the frames that were read
  std::vector<double> read_times;
  for (const std::int64_t number : recording.numbers) {
    const auto at = std::lower_bound(frames.begin(), frames.end(), number);
    if (at == frames.end() || *at != number) {
      throw InputError(text("expected a time for every frame of ", shown(path),
                            ", got none for frame ", number,
                            "; extract the keypoints again or give the frame rate"));
    }
    places.push_back(at - frames.begin());
    read_times.push_back(pose.times[static_cast<std::size_t>(places.back())]);
  }
  check_pauses(read_times, path);
  pose.data.assign(frames.size() * kFrameValues, 0.0F);
  for (std::size_t i = 0; i < read; ++i) {
    if (chosen[i] < 0 || !anybody(recording.people[i][static_cast<std::size_t>(chosen[i])])) {
      ++pose.empty_frames;
      continue;
    }
    const Person& person = recording.people[i][static_cast<std::size_t>(chosen[i])];
    std::copy(person.points.begin(), person.points.end(), pose.joint(places[i], 0));
  }
  pose.absent_frames = static_cast<std::int64_t>(frames.size() - read);
}

}  // namespace minet::pose
