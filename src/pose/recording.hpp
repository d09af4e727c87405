// What every reader of people collects, and how it becomes a RawPose: who the player is, which
// frames nobody filled, and when each frame was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
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
  Recording finish(const ReadPoseOptions& options, RawPose& pose);  // InputError if there is none

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
