// See helpers.hpp.
#include "corpus/helpers.hpp"

#include <cmath>
#include <numbers>
#include <sstream>
#include "support/source_folder.hpp"

namespace minet::corpus {

audio::Sound tone(double seconds, double hz, double amplitude) {
  audio::Sound sound{.sample_rate = 16000, .samples = {}};
  const auto count = static_cast<std::size_t>(std::llround(seconds * sound.sample_rate));
  for (std::size_t i = 0; i < count; ++i) {
    const double phase = 2 * std::numbers::pi * hz * static_cast<double>(i) / sound.sample_rate;
    sound.samples.push_back(static_cast<float>(amplitude * std::sin(phase)));
  }
  return sound;
}

pose::PoseSequence waving_player(std::int64_t frames) {
  pose::PoseSequence pose{.fps = 25, .frames = frames, .data = {}};
  pose.data.resize(static_cast<std::size_t>(frames) * pose::kJoints * pose::kJointValues);
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    for (int joint = 0; joint < pose::kJoints; ++joint) {
      float* const values = pose.joint(frame, joint);
      values[0] = 300.0f + 10.0f * static_cast<float>(joint % 7) +
                  5.0f * std::sin(0.2f * static_cast<float>(frame));
      values[1] = 200.0f + 6.0f * static_cast<float>(joint);
      values[2] = 0.9f;
    }
  }
  return pose;
}

void write_text(const std::filesystem::path& path, const std::string& content) {
  std::ofstream stream(path, std::ios::binary);
  stream << content;
  if (!stream.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  return content.str();
}

void write_recording(const std::filesystem::path& folder, const std::string& name, double seconds,
                     double hz) {
  audio::save_wav(folder / (name + ".wav"), tone(seconds, hz));
  pose::save_pose_npy(folder / (name + ".npy"), waving_player(std::llround(seconds * 25)));
}

std::filesystem::path shared_data() {
  if (const char* const named = std::getenv("MINET_SHARED_DATA")) return named;
  const auto beside = minet::source_folder().parent_path() / "shared" / "data";
  return std::filesystem::is_directory(beside) ? beside : std::filesystem::path();
}

}  // namespace minet::corpus
