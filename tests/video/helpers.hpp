#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "minet/core/picture.hpp"
#include "minet/core/process.hpp"
#include "support/source_folder.hpp"
#include "support/temp_folder.hpp"

namespace minet::video {

inline std::optional<std::filesystem::path> shared_data() {
  const char* const named = std::getenv("MINET_SHARED_DATA");
  const std::filesystem::path folder = named != nullptr
                                           ? std::filesystem::path(named)
                                           : source_folder().parent_path() / "shared/data";
  return std::filesystem::is_directory(folder) ? std::optional(folder) : std::nullopt;
}

// Writes a video with ffmpeg; `options` are ffmpeg's.
inline void make_film(const std::filesystem::path& path, std::vector<std::string> options) {
  std::vector<std::string> command = {"ffmpeg", "-nostdin", "-v", "error", "-y"};
  for (std::string& word : options) command.push_back(std::move(word));
  command.push_back(path.string());
  const ProcessResult result = run_process(command);
  ASSERT_EQ(result.exit_code, 0) << result.error_output;
}

// A video of 96x64 with a white square in its upper left corner, whose lowest row has the bits of
// the frame's number n, 16 pixels each, the lowest bit first; frame n is at `times` (ffmpeg's
// expression of N, in seconds).
inline void make_counting_film(const std::filesystem::path& path, int pictures,
                               const std::string& times, std::vector<std::string> more = {}) {
  std::vector<std::string> options = {
      "-f",
      "lavfi",
      "-i",
      "nullsrc=size=96x64:rate=25,geq=lum='if(lt(X,16)*lt(Y,16),235,if(gte(Y,48),"
      "16+219*mod(floor(N/pow(2,floor(X/16))),2),120))':cb=128:cr=128",
      "-frames:v",
      std::to_string(pictures),
      "-vf",
      "settb=1/90000,setpts='(" + times + ")/TB'",
      "-enc_time_base",
      "1/90000",
      "-fps_mode",
      "passthrough",
      "-pix_fmt",
      "yuv420p"};
  for (std::string& word : more) options.push_back(std::move(word));
  make_film(path, std::move(options));
}

// The number n of such a frame, even if it is turned by 90 degrees.
inline int number_of(const Picture& picture) {
  const bool turned = picture.width < picture.height;
  int number = 0;
  for (int bit = 0; bit < 6; ++bit) {
    const int along = 16 * bit + 8;
    const int x = turned ? 8 : along, y = turned ? along : 56;
    const auto at = static_cast<std::size_t>(y) * picture.stride + 3 * static_cast<std::size_t>(x);
    number |= (picture.rgb[at] > 127 ? 1 : 0) << bit;
  }
  return number;
}

}  // namespace minet::video
