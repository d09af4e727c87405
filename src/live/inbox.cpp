#include "live/inbox.hpp"

#include <utility>

#include "live/clock.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::live {

void Inbox::put(const pose::ArrivedPicture& picture) {
  const std::lock_guard lock(mutex_);
  newest_ = {picture, now_s()};
  ++counts_.pictures;
}

void Inbox::put_bad(const std::string& why) {
  const std::lock_guard lock(mutex_);
  ++counts_.bad;
  if (complaint_.empty()) complaint_ = why;
}

void Inbox::end(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  failure_ = std::move(failure);
}

std::optional<Arrival> Inbox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(newest_, std::nullopt);
}

bool Inbox::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_ && (failure_ || !newest_);
}

void Inbox::throw_failure() const {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
}

SourceCounts Inbox::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::string Inbox::take_complaint() {
  const std::lock_guard lock(mutex_);
  return std::exchange(complaint_, {});
}

void LineCutter::line(std::string_view line) {
  line = trim(line);
  if (line.empty()) return;
  try {
    inbox_.put(pose::parse_picture_line(line));
  } catch (const InputError& error) {
    inbox_.put_bad(error.what());
  }
}

void LineCutter::add(std::string_view bytes) {
  for (std::size_t end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    if (!skipping_) {
      rest_ += bytes.substr(0, end);
      line(rest_);
    }
    rest_.clear();
    skipping_ = false;
    bytes.remove_prefix(end + 1);
  }
  if (skipping_) return;
  rest_ += bytes;
  if (rest_.size() <= pose::kMaxPictureLine) return;
  line(rest_);  // too long: is counted as bad
  rest_.clear();
  skipping_ = true;
}

void LineCutter::finish() {
  if (!skipping_) line(rest_);
  rest_.clear();
}

}  // namespace minet::live
