// What every reader of people collects, and how it becomes a RawPose: who the player is, which
// frames nobody filled, and when each frame was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "minet/pose/readers.hpp"
#include "pose/layouts.hpp"

namespace minet::pose {

struct Recording {
  std::string what;                         // for people: "OpenPose's files"
  std::vector<std::int64_t> numbers;        // frame numbers, rising
  std::vector<std::vector<Person>> people;  // by frame number
  std::int64_t start = 0;                   // the frame at time 0
  std::map<std::int64_t, double> times;     // s, by frame number; empty: (number - start) / fps
  double fps = 25;                          // unless the options say otherwise
  bool note_rate = true;                    // say that the rate is assumed
  bool from_film = true;                    // a film's pictures may give the times
};

// The frame number that a name or number in a file stands for: 12, 12.0, "12", "70.0",
// "clip_0012.jpg"; nullopt if there is none.
std::optional<std::int64_t> number_in(std::string_view name);

// What is left of a file's or an image's name without its frame number: one recording's frames
// share it.
std::string recording_name(const std::filesystem::path& file);

// InputError if frames of several recordings, known by their names, stand in one file or folder.
class OneRecording {
 public:
  explicit OneRecording(const std::filesystem::path& path) : path_(path) {}
  void see(const std::filesystem::path& file);

 private:
  const std::filesystem::path& path_;
  std::optional<std::string> name_;
  std::filesystem::path first_;
};

// InputError if frames number `start` to `last` are too many for `count` of them: a sparse span is
// two recordings in one, or time stamps instead of numbers, and would cost memory for nothing.
void check_span(std::size_t count, std::int64_t start, std::int64_t last,
                const std::filesystem::path& path);

// Sorts people that came by number, which may be in any order; InputError beyond the limits.
class RecordingBuilder {
 public:
  RecordingBuilder(std::string what, std::filesystem::path path);
  // A frame, also one without anybody; limits are checked.
  std::vector<Person>& frame(std::int64_t number);
  void add(std::int64_t number, Person person);
  // `only_people`: the tool writes no frame without people, so the first number says how late the
  // player enters. InputError if there is no frame.
  Recording finish(const ReadPoseOptions& options, RawPose& pose, bool only_people = false);

 private:
  std::string what_;
  std::filesystem::path path_;
  std::map<std::int64_t, std::vector<Person>> frames_;
};

// Fills `pose` (its format, notes and bad_numbers stay). InputError where nobody is seen at all.
void assemble(Recording& recording, const ReadPoseOptions& options,
              const std::filesystem::path& path, RawPose& pose);

// Rows are for arrays only.
void refuse_rows(const ReadPoseOptions& options, const std::filesystem::path& path);

}  // namespace minet::pose
