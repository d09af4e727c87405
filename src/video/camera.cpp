#include "minet/video/camera.hpp"

#include <chrono>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "minet/core/errors.hpp"
#include "minet/core/signals.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/vision/estimator.hpp"
#include "video/holistic_frame.hpp"

namespace minet::video {
namespace {

constexpr double kLookS = 0.1;  // interval of checks for a stop request while waiting

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// False if a stop is requested.
bool wait_until(double time_s) {
  for (double left = time_s - now_s(); left > 0; left = time_s - now_s()) {
    if (stop_signal() != 0) return false;
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, kLookS)));
  }
  return stop_signal() == 0;
}

}  // namespace

struct Camera::State {
  std::optional<FrameReader> film;
  double began_s = 0;  // start of the video on the clock
  cv::VideoCapture capture;
  std::int64_t number = 0;
  cv::Mat decoded, rgb;
  std::int64_t read = 0;

  // WorkError if the camera gives no frame, unless a stop is requested.
  void read_picture() {
    bool got = false;
    try {
      got = capture.read(decoded) && !decoded.empty();
    } catch (const cv::Exception&) {
    }
    if (got || stop_signal() != 0) return;
    throw WorkError(text("/dev/video", number, ": expected a frame, got none after ",
                         counted(read, "frame", "frames"),
                         "; check that the camera is still connected"));
  }
};

Camera::Camera(const std::string& which) : state_(std::make_unique<State>()) {
  const auto number = parse_integer(which);
  if (!number) {
    state_->film.emplace(which);
    return;
  }
  state_->number = *number;
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  try {
    state_->capture.open(static_cast<int>(*number), cv::CAP_V4L2);
    state_->capture.set(cv::CAP_PROP_BUFFERSIZE, 1);  // old frames are useless
  } catch (const cv::Exception&) {
  }
  if (!state_->capture.isOpened()) {
    throw InputError(text("expected a camera at /dev/video", *number,
                          ", but there is none that can be opened; see which there are with "
                          "`ls /dev/video*`, or give a video"));
  }
}

Camera::~Camera() = default;

bool Camera::next(Frame& frame) {
  State& state = *state_;
  if (state.film) {
    if (!state.film->next(frame)) return false;
    if (state.began_s == 0) state.began_s = now_s() - frame.time_s;
    const std::vector<double>& times = state.film->film().times;
    for (;;) {  // skips frames whose successor is due
      const auto after = static_cast<std::size_t>(frame.index) + 1;
      if (after >= times.size() || state.began_s + times[after] > now_s()) break;
      if (!state.film->next(frame)) return false;
    }
    frame.time_s += state.began_s;
    return wait_until(frame.time_s);
  }
  state.read_picture();
  if (stop_signal() != 0) return false;
  frame.time_s = now_s();
  frame.index = state.read++;
  cv::cvtColor(state.decoded, state.rgb, cv::COLOR_BGR2RGB);
  frame.picture = {state.rgb.data, state.rgb.cols, state.rgb.rows, state.rgb.step};
  return true;
}

void follow_camera(const std::string& which, const CameraKeypointOptions& options) {
  constexpr int kCountIn = 10;  // frames with people, in which they are counted
  vision::Estimator estimator(options.networks,
                              options.device);  // slow to load, so before the video plays
  Camera camera(which);
  std::vector<vision::Person> most;
  const auto expect_person = [&] {
    if (!options.person || std::cmp_less(*options.person, most.size())) return;
    throw InputError(text("camera ", printable(which), ": expected person ", *options.person,
                          " (counted from 0), got ", counted(most.size(), "person", "people"),
                          " in the first frames"));
  };
  Frame frame;
  bool going = true;
  int counted_in = 0;
  while (going && stop_signal() == 0 && camera.next(frame)) {
    if (options.person && counted_in < kCountIn) {
      auto people = estimator.find_people(frame.picture);
      counted_in += people.empty() ? 0 : 1;
      if (people.size() > most.size()) most = std::move(people);
      const auto wanted = static_cast<std::size_t>(*options.person);
      if (wanted < most.size()) estimator.follow(most[wanted]);
    } else {
      expect_person();
    }
    going = options.line(holistic_line(frame, estimator.look(frame.picture, frame.time_s)));
  }
  expect_person();
}

}  // namespace minet::video
