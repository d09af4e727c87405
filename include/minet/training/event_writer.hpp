// TensorBoard event files without protobuf: scalars and 16-bit sound.
// Record format:
// https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
// (fields used: wall_time 1, step 2, file_version 3, summary 5, session_log 7).
// Best effort: a full disk never stops a run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "minet/audio/sound.hpp"

namespace minet::training {

class EventWriter {
 public:
  // Opens a new events file in `folder`. If `resume_step` > 0, TensorBoard drops what earlier files
  // hold from that step on.
  explicit EventWriter(const std::filesystem::path& folder, std::int64_t resume_step = 0);

  void scalar(std::string_view tag, std::int64_t step, double value);
  void sound(std::string_view tag, std::int64_t step, const audio::Sound& sound);
  void flush();

 private:
  void event(std::int64_t step, std::string_view field);
  std::ofstream stream_;
};

}  // namespace minet::training
