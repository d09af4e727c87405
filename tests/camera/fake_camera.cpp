// A fake camera at /dev/video<N>, for LD_PRELOAD: answers a program's Video4Linux calls from a file
// of raw frames, so that code that reads a camera runs as with a real one.
// https://docs.kernel.org/userspace-api/media/v4l/v4l2.html
//
//   MINET_CAMERA       the device, such as /dev/video9
//   MINET_CAMERA_FILM  its frames, YUYV, one after another; after the last one the camera is gone
//                      (ENODEV), as if its cable had been pulled
//   MINET_CAMERA_SIZE  320x240
//   MINET_CAMERA_FPS   25
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <vector>

namespace {

constexpr std::size_t kMostBuffers = 32;

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// One camera, one program, one thread.
struct Camera {
  int descriptor = -1;  // a timer, readable when a frame is due
  std::FILE* film = nullptr;
  unsigned width = 0, height = 0;
  long fps = 25;
  std::vector<std::vector<char>> buffers;
  std::deque<unsigned> waiting;  // to be filled, in order
  unsigned sequence = 0;

  std::size_t size() const { return std::size_t{2} * width * height; }

  int open() {
    std::sscanf(setting("MINET_CAMERA_SIZE"), "%ux%u", &width, &height);
    fps = std::max(1L, std::atol(setting("MINET_CAMERA_FPS")));
    film = std::fopen(setting("MINET_CAMERA_FILM"), "rb");
    descriptor = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return descriptor;
  }

  void run(bool on) const {
    const timespec step{0, on ? 1'000'000'000L / fps : 0};
    const itimerspec every{step, step};
    ::timerfd_settime(descriptor, 0, &every, nullptr);
  }

  // Like a driver, drops frames while no buffer is queued.
  int take(v4l2_buffer& buffer) {
    std::uint64_t due = 0;
    if (::read(descriptor, &due, sizeof due) != sizeof due) return -1;  // EAGAIN
    if (waiting.empty()) {
      errno = EAGAIN;
      return -1;
    }
    std::vector<char>& into = buffers.at(waiting.front());
    for (std::uint64_t i = 0; i < due; ++i, ++sequence) {
      if (std::fread(into.data(), 1, size(), film) == size()) continue;
      errno = ENODEV;
      return -1;
    }
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    describe(buffer, waiting.front());
    buffer.bytesused = static_cast<unsigned>(size());
    buffer.sequence = sequence - 1;
    buffer.timestamp = {now.tv_sec, now.tv_nsec / 1000};
    buffer.flags |= V4L2_BUF_FLAG_DONE;
    waiting.pop_front();
    return 0;
  }

  void describe(v4l2_buffer& buffer, unsigned index) const {
    buffer.index = index;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.length = static_cast<unsigned>(size());
    buffer.m.offset = index << 12;
    buffer.flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
  }
};

Camera& camera() {
  static Camera one;
  return one;
}

int refuse(int error) {
  errno = error;
  return -1;
}

int set_format(v4l2_format& format) {
  const Camera& c = camera();
  if (format.type != V4L2_BUF_TYPE_VIDEO_CAPTURE) return refuse(EINVAL);
  format.fmt.pix = {};
  format.fmt.pix.width = c.width;
  format.fmt.pix.height = c.height;
  format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
  format.fmt.pix.field = V4L2_FIELD_NONE;
  format.fmt.pix.bytesperline = 2 * c.width;
  format.fmt.pix.sizeimage = static_cast<unsigned>(c.size());
  return 0;
}

int answer(unsigned long request, void* argument) {
  Camera& c = camera();
  switch (request) {
    case VIDIOC_QUERYCAP: {
      auto& capability = *static_cast<v4l2_capability*>(argument);
      capability = {};
      std::strcpy(reinterpret_cast<char*>(capability.driver), "minet");
      capability.capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
      return 0;
    }
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT:
    case VIDIOC_TRY_FMT:
      return set_format(*static_cast<v4l2_format*>(argument));
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: {
      auto& capture = static_cast<v4l2_streamparm*>(argument)->parm.capture;
      capture.capability = V4L2_CAP_TIMEPERFRAME;
      capture.timeperframe = {1, static_cast<unsigned>(c.fps)};
      return 0;
    }
    case VIDIOC_G_INPUT:
      *static_cast<int*>(argument) = 0;
      return 0;
    case VIDIOC_S_INPUT:
      return 0;
    case VIDIOC_REQBUFS: {
      auto& wanted = *static_cast<v4l2_requestbuffers*>(argument);
      wanted.count = std::min<unsigned>(wanted.count, kMostBuffers);
      c.waiting.clear();
      c.buffers.assign(wanted.count, std::vector<char>(c.size()));
      return 0;
    }
    case VIDIOC_QUERYBUF: {
      auto& buffer = *static_cast<v4l2_buffer*>(argument);
      if (buffer.index >= c.buffers.size()) return refuse(EINVAL);
      c.describe(buffer, buffer.index);
      return 0;
    }
    case VIDIOC_QBUF: {
      const auto& buffer = *static_cast<v4l2_buffer*>(argument);
      if (buffer.index >= c.buffers.size()) return refuse(EINVAL);
      c.waiting.push_back(buffer.index);
      return 0;
    }
    case VIDIOC_DQBUF:
      return c.take(*static_cast<v4l2_buffer*>(argument));
    case VIDIOC_STREAMON:
      c.run(true);
      return 0;
    case VIDIOC_STREAMOFF:
      c.run(false);
      c.waiting.clear();
      return 0;
    default:
      return refuse(ENOTTY);  // brightness and similar controls, which many cameras lack
  }
}

}  // namespace

extern "C" {

int open64(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (*setting("MINET_CAMERA") != 0 && std::strcmp(path, setting("MINET_CAMERA")) == 0) {
    return camera().open();
  }
  static auto* const real = next<int(const char*, int, ...)>("open64");
  return real(path, flags, mode);
}

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open64(path, flags, mode);
}

int ioctl(int descriptor, unsigned long request, ...) noexcept {
  std::va_list rest;
  va_start(rest, request);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  if (descriptor >= 0 && descriptor == camera().descriptor) return answer(request, argument);
  static auto* const real = next<int(int, unsigned long, ...)>("ioctl");
  return real(descriptor, request, argument);
}

void* mmap64(void* address, std::size_t length, int protection, int flags, int descriptor,
             off64_t offset) noexcept {
  if (descriptor >= 0 && descriptor == camera().descriptor) {
    return camera().buffers.at(static_cast<std::size_t>(offset >> 12)).data();
  }
  static auto* const real = next<void*(void*, std::size_t, int, int, int, off64_t)>("mmap64");
  return real(address, length, protection, flags, descriptor, offset);
}

void* mmap(void* address, std::size_t length, int protection, int flags, int descriptor,
           off_t offset) noexcept {
  return mmap64(address, length, protection, flags, descriptor, offset);
}

int munmap(void* address, std::size_t length) noexcept {
  for (const std::vector<char>& buffer : camera().buffers) {
    if (buffer.data() == address) return 0;
  }
  static auto* const real = next<int(void*, std::size_t)>("munmap");
  return real(address, length);
}

}  // extern "C"
