#include "video/film_writer.hpp"

#include <algorithm>
#include <cmath>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::video {
namespace {

constexpr double kUneven = 0.1;  // of a step: containers round times to milliseconds
constexpr double kVariableRate = 60;
constexpr double kMaxSteps = 1'000'000;

}  // namespace

double grid_rate(const Film& film) {
  const double rate = film.fps();
  if (!(rate >= 1 && rate <= 240)) return kVariableRate;
  for (std::size_t i = 0; i < film.times.size(); ++i) {
    const double off = film.times[i] - film.times.front() - static_cast<double>(i) / rate;
    if (std::abs(off) > std::max(kUneven / rate, 2e-3)) return kVariableRate;
  }
  return rate;
}

FilmWriter::FilmWriter(const std::filesystem::path& path, const Film& film, cv::Size size)
    : rate_(grid_rate(film)), seconds_(film.seconds) {
  if (seconds_ * rate_ > kMaxSteps) {
    throw InputError(text("expected a video of at most ", kMaxSteps, " frames to draw on, got ",
                          human_duration(seconds_), "; split it"));
  }
  writer_.open(path.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('m', 'p', '4', 'v'), rate_,
               size);
  if (!writer_.isOpened()) {
    throw WorkError(text(shown(path), ": cannot write a video; is there room on the disk?"));
  }
}

void FilmWriter::write_until(std::int64_t step) {
  for (; written_ < step && !last_.empty(); ++written_) writer_.write(last_);
}

void FilmWriter::add(const cv::Mat& picture, double time_s) {
  if (last_.empty()) {
    last_ = picture.clone();
    first_s_ = time_s;
  }
  const auto steps = [&](double s) { return std::llround(std::min(s * rate_, kMaxSteps)); };
  const auto step = steps(first_s_) + steps(time_s - first_s_);
  write_until(step);
  picture.copyTo(last_);
}

void FilmWriter::finish() {
  const auto end = std::llround(std::min(seconds_ * rate_, kMaxSteps));
  write_until(std::max<std::int64_t>(written_ + 1, end));
  writer_.release();
}

}  // namespace minet::video
