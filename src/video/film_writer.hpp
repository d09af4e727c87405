// Writes pictures with times as a film at a constant rate.
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

#include "minet/core/film.hpp"

namespace minet::video {

// The film's own rate if its pictures are evenly spaced, else 60.
double grid_rate(const Film& film);

// A silent film: at each step of the grid, from time 0 on, the nearest picture. The first picture
// also fills the time before it, the last one the time until the film's end.
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
  cv::VideoWriter writer_;
  cv::Mat last_;
  std::int64_t written_ = 0;
};

}  // namespace minet::video
