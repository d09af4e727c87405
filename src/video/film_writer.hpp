// Writes frames with times as a video at a constant rate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

#include "minet/core/film.hpp"

namespace minet::video {

// The video's own rate if its frames are evenly spaced, else 60.
double grid_rate(const Film& film);

// A silent video: at each step of the grid, from time 0 on, the nearest frame. Frames are rounded
// to steps as the first one is, so that none is dropped if they lie halfway between two. The first
// frame also fills the time before it, the last one the time until the video's end.
class FilmWriter {
 public:
  FilmWriter(const std::filesystem::path& path, const Film& film, cv::Size size);
  // BGR, in order.
  void add(const cv::Mat& picture, double time_s);
  void finish();
  double rate() const { return rate_; }

 private:
  void write_until(std::int64_t step);

  double rate_, seconds_;
  double first_s_ = 0;  // time of the first frame
  cv::VideoWriter writer_;
  cv::Mat last_;
  std::int64_t written_ = 0;
};

}  // namespace minet::video
