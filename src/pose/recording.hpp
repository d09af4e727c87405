// What every reader of people collects, and its conversion to a RawPose: choosing the player,
// frames without a file entry, and frame times.
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
  std::string what;                         // for messages: "OpenPose's files"
  std::vector<std::int64_t> numbers;        // frame numbers, increasing
  std::vector<std::vector<Person>> people;  // by frame number
  std::int64_t start = 0;                   // the frame at time 0
  std::map<std::int64_t, double> times;     // s, by frame number; empty: (number - start) / fps
  double fps = 25;                          // unless the options say otherwise
  bool note_rate = true;                    // give a notice that the rate is assumed
  bool from_film = true;                    // frames may be a video's, with their times
};

// The frame number in a name or number of a file: 12, 12.0, "12", "70.0", "clip_0012.jpg"; nullopt
// if there is none.
std::optional<std::int64_t> number_in(std::string_view name);

// A file's or an image's name without its frame number, which all frames of one recording have in
// common.
std::string recording_name(const std::filesystem::path& file);

// InputError if one file or folder has frames of several recordings, told apart by their names.
class OneRecording {
 public:
  explicit OneRecording(const std::filesystem::path& path) : path_(path) {}
  void see(const std::filesystem::path& file);

 private:
  const std::filesystem::path& path_;
  std::optional<std::string> name_;
  std::filesystem::path first_;
};

// InputError if frames `start` to `last` are too many for `count` of them: a sparse range means two
// recordings in one, or time stamps instead of numbers, and would waste memory.
void check_span(std::size_t count, std::int64_t start, std::int64_t last,
                const std::filesystem::path& path);

// Sorts people by frame number; they may come in any order. InputError beyond the limits.
class RecordingBuilder {
 public:
  RecordingBuilder(std::string what, std::filesystem::path path);
  // Adds a frame, which may be without people; checks limits.
  std::vector<Person>& frame(std::int64_t number);
  void add(std::int64_t number, Person person);
  // `only_people`: the tool writes no frames without people, so the first number tells how late the
  // player enters. InputError if there is no frame.
  Recording finish(const ReadPoseOptions& options, RawPose& pose, bool only_people = false);

 private:
  std::string what_;
  std::filesystem::path path_;
  std::map<std::int64_t, std::vector<Person>> frames_;
};

// Fills `pose` (format, notices and bad_numbers are kept). InputError if nobody is seen at all.
void assemble(Recording& recording, const ReadPoseOptions& options,
              const std::filesystem::path& path, RawPose& pose);

// InputError if rows are chosen: only arrays have rows.
void refuse_rows(const ReadPoseOptions& options, const std::filesystem::path& path);

}  // namespace minet::pose
