// People by frame -> RawPose, for every format that lists people.
#include "pose/recording.hpp"

#include <algorithm>

#include "pose/checks.hpp"
#include "pose/people.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPeople = 100;  // in a frame

}  // namespace

void refuse_rows(const ReadPoseOptions& options, const fs::path& path) {
  if (options.rows) {
    throw InputError(text("Rows can be chosen in arrays only, but ", shown(path),
                          " holds frames of people; leave them out."));
  }
}

void check_span(std::size_t count, std::int64_t start, std::int64_t last, const fs::path& path) {
  const std::int64_t span = last - start + 1;  // numbers fit in 18 digits: nothing overflows
  constexpr std::int64_t kAlwaysFine = 20'000;
  if (span > kMaxFrames || (span > kAlwaysFine && span / 100 > static_cast<std::int64_t>(count))) {
    std::error_code ignored;
    const bool folder = fs::is_directory(path, ignored);
    throw InputError(text("Expected consecutive frame numbers in ", shown(path), ", got ", count,
                          folder ? " files from " : " frames from ", start, " to ", last,
                          folder ? "; keep one recording's OpenPose files in a folder alone."
                                 : "; keep one recording in a file."));
  }
}

RecordingBuilder::RecordingBuilder(std::string what, fs::path path)
    : what_(std::move(what)), path_(std::move(path)) {}

std::vector<Person>& RecordingBuilder::frame(std::int64_t number) {
  constexpr std::int64_t kMaxNumber = 999'999'999'999'999'999;
  if (number < 0 || number > kMaxNumber) {
    throw InputError(text("Expected frame numbers from 0 on in ", shown(path_), ", got ", number,
                          "; check the tool that wrote it."));
  }
  if (frames_.size() == static_cast<std::size_t>(kMaxFrames) && !frames_.contains(number)) {
    throw InputError(text("Expected at most ", kMaxFrames, " frames in ", shown(path_),
                          ", got more; split the recording."));
  }
  return frames_[number];
}

void RecordingBuilder::add(std::int64_t number, Person person) {
  std::vector<Person>& people = frame(number);
  if (people.size() == kMaxPeople) {
    throw InputError(text("Expected at most ", kMaxPeople, " people in a frame of ", shown(path_),
                          ", got more in frame ", number, "; check that it is one recording."));
  }
  people.push_back(std::move(person));
}

Recording RecordingBuilder::finish(const ReadPoseOptions& options, RawPose& pose) {
  if (options.first_frame) {
    frames_.erase(frames_.begin(), frames_.lower_bound(*options.first_frame));
  }
  if (frames_.empty() || (options.first_frame && *options.first_frame < 0)) {
    throw InputError(text(
        "Expected frames of keypoints in ", shown(path_), ", got none",
        options.first_frame ? text(" from frame ", *options.first_frame, " on") : std::string(),
        "; check the tool that wrote it."));
  }
  Recording recording;
  recording.what = what_;
  recording.start = options.first_frame.value_or(frames_.begin()->first);
  if (!options.first_frame && recording.start > 1) {
    pose.notes.push_back(
        text("The first frame is number ", recording.start, ", which is taken as time 0."));
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
  bool seen = false;
  for (std::vector<Person>& people : recording.people) {
    // A person without one joint is nobody: some writers put zeros where nobody is.
    std::erase_if(people, [](const Person& person) { return !anybody(person); });
    seen |= !people.empty();
    pose.multi_person_frames += people.size() > 1 ? 1 : 0;
  }
  const std::size_t read = recording.numbers.size();
  if (!seen) {
    throw InputError(text("Expected a person in ", shown(path), ", got nobody in any of its ", read,
                          read == 1 ? " frame" : " frames",
                          "; check the video that the keypoints were taken from."));
  }
  const std::vector<int> chosen = choose_person(recording.people, recording.numbers, options, path);

  // The frames, by number: all from the start to the last, or those that have a time.
  std::vector<std::int64_t> frames;
  if (recording.times.empty()) {
    const double fps = options.fps.value_or(recording.fps);
    if (!options.fps && recording.note_rate) {
      pose.notes.push_back(text(to_text(recording.fps), " frames a second are assumed, as ",
                                recording.what, " do not say."));
    }
    for (std::int64_t number = recording.start; number <= recording.numbers.back(); ++number) {
      pose.times.push_back(static_cast<double>(number - recording.start) / fps);
      frames.push_back(number);
    }
  } else {
    const auto origin = recording.times.find(recording.start);
    const double zero =
        options.first_frame && origin != recording.times.end() ? origin->second : 0.0;
    for (const auto& [number, time] : recording.times) {
      if (number >= recording.start) {
        pose.times.push_back(time - zero);
        frames.push_back(number);
      }
    }
  }
  pose.data.assign(frames.size() * kFrameValues, 0.0F);
  for (std::size_t i = 0; i < read; ++i) {
    const auto at = std::lower_bound(frames.begin(), frames.end(), recording.numbers[i]);
    if (at == frames.end() || *at != recording.numbers[i]) {
      throw InputError(text("Expected a time for every frame of ", shown(path),
                            ", got none for frame ", recording.numbers[i],
                            "; extract the keypoints again or say the frame rate."));
    }
    if (chosen[i] < 0 || !anybody(recording.people[i][static_cast<std::size_t>(chosen[i])])) {
      ++pose.empty_frames;
      continue;
    }
    const Person& person = recording.people[i][static_cast<std::size_t>(chosen[i])];
    std::copy(person.points.begin(), person.points.end(), pose.joint(at - frames.begin(), 0));
  }
  pose.absent_frames = static_cast<std::int64_t>(frames.size() - read);
}

}  // namespace minet::pose
