#include "minet/video/frame_reader.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <utility>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/log.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::video {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxSide = 16384;  // pixels
constexpr std::size_t kMaxPictures = 1'000'000;

// OpenCV passes these options to ffmpeg's library: read this file only, as ffmpeg_input() does, and
// print no messages.
void limit_decoder(const fs::path& path) {
  const std::vector<std::string> input = ffmpeg_input(path);
  const std::string options =
      text("protocol_whitelist;", input.at(1), "|format_whitelist;", input.at(3));
  ::setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", options.c_str(), 1);
  ::setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 1);
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
}

Film film_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    throw InputError(text("expected a video at ", shown(path), ", but ", why_absent(path)));
  }
  if (!find_program("ffprobe")) {
    throw InputError(
        "expected the program ffprobe, which reads the times of a video's frames; install ffmpeg "
        "(apt-get install ffmpeg)");
  }
  auto film = read_film(path);
  if (!film) {
    throw InputError(text(shown(path),
                          ": expected a video that ffmpeg can read, with at least two ",
                          "frames, got a different kind of file"));
  }
  if (film->times.size() > kMaxPictures) {
    throw InputError(text(shown(path), ": expected a video of at most ", kMaxPictures,
                          " frames, got ", film->times.size(), "; split it"));
  }
  return *std::move(film);
}

}  // namespace

struct FrameReader::State {
  fs::path path;
  Film film;
  cv::VideoCapture capture;
  cv::Mat decoded, rgb;
  cv::Size size;
  std::int64_t read = 0;
  std::size_t place = 0;  // index in film.times of the next frame
  double offset = 0;      // from the decoder's clock to the video's
  bool waiting = false;   // `decoded` has not been returned yet

  bool decode();
  double time_of_decoded();
};

bool FrameReader::State::decode() {
  if (!capture.read(decoded) || decoded.empty()) return false;
  if (decoded.type() != CV_8UC3) throw InputError(text(shown(path), ": expected frames in colour"));
  return true;
}

// Finds a frame among the container's by the decoder's time, even after damaged frames were
// dropped. For the last two of many H.264 videos that time is 0: it is then the next frame.
double FrameReader::State::time_of_decoded() {
  const std::vector<double>& times = film.times;
  const double said = capture.get(cv::CAP_PROP_POS_MSEC) / 1000;
  if (read == 0) offset = times.front() - said;
  std::size_t found = place;
  while (found + 1 < times.size() &&
         std::abs(times[found + 1] - said - offset) < std::abs(times[found] - said - offset)) {
    ++found;
  }
  place = found + 1;
  const double step = film.fps() > 0 ? 1 / film.fps() : 0.04;
  return found < times.size() ? times[found]
                              : times.back() + step * static_cast<double>(found + 1 - times.size());
}

FrameReader::FrameReader(const fs::path& path) : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->film = film_of(path);
  limit_decoder(path);
  try {
    state_->capture.open(fs::absolute(path).string(), cv::CAP_FFMPEG);
    state_->waiting = state_->capture.isOpened() && state_->decode();
  } catch (const cv::Exception&) {
    state_->waiting = false;
  }
  if (!state_->waiting) {
    throw InputError(text(shown(path),
                          ": expected a video that can be decoded, got none; convert it ",
                          "with `ffmpeg -i IN out.mp4`"));
  }
  state_->size = state_->decoded.size();
  if (state_->size.width > kMaxSide || state_->size.height > kMaxSide) {
    throw InputError(text(shown(path), ": expected frames of at most ", kMaxSide,
                          " pixels a side, got ", state_->size.width, "x", state_->size.height));
  }
}

FrameReader::~FrameReader() = default;
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;

int FrameReader::width() const {
  return state_->size.width;
}
int FrameReader::height() const {
  return state_->size.height;
}
const Film& FrameReader::film() const {
  return state_->film;
}

bool FrameReader::next(Frame& frame) {
  State& state = *state_;
  if (!state.waiting) {
    bool more = false, damaged = false;
    try {
      more = state.decode();
    } catch (const cv::Exception&) {
      damaged = true;
    }
    if (!more) {
      const auto expected = static_cast<std::int64_t>(state.film.times.size());
      if (state.read < expected - std::max<std::int64_t>(2, expected / 50)) {
        throw InputError(text(shown(state.path), ": expected ", expected, " frames, got ",
                              state.read, "; the video is damaged or cut short"));
      }
      if (damaged) {
        log::warning(text(shown(state.path), ": frame ", state.read + 1, " of ", expected,
                          " cannot be decoded; the video is read up to there"));
      }
      return false;
    }
  }
  state.waiting = false;
  frame.time_s = state.time_of_decoded();
  frame.index = state.read++;
  if (state.decoded.size() != state.size) {  // some streams change size midway
    cv::resize(state.decoded, state.decoded, state.size, 0, 0, cv::INTER_AREA);
  }
  cv::cvtColor(state.decoded, state.rgb, cv::COLOR_BGR2RGB);
  frame.picture = {state.rgb.data, state.rgb.cols, state.rgb.rows, state.rgb.step};
  return true;
}

}  // namespace minet::video
