// The names of notices, and how they are logged.
#include "minet/core/notices.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "minet/core/log.hpp"
#include "minet/core/text.hpp"

namespace minet {
namespace {

struct KindName {
  NoticeKind kind;
  std::string_view name;
};
constexpr std::array kNames = {
    KindName{NoticeKind::assumed_rate, "assumed_rate"},
    KindName{NoticeKind::left_out, "left_out"},
    KindName{NoticeKind::late_start, "late_start"},
    KindName{NoticeKind::identity, "identity"},
    KindName{NoticeKind::shared_frames, "shared_frames"},
    KindName{NoticeKind::empty_frames, "empty_frames"},
    KindName{NoticeKind::missing_frames, "missing_frames"},
    KindName{NoticeKind::bad_numbers, "bad_numbers"},
    KindName{NoticeKind::outside, "outside"},
    KindName{NoticeKind::no_confidence, "no_confidence"},
    KindName{NoticeKind::channels, "channels"},
    KindName{NoticeKind::offset, "offset"},
    KindName{NoticeKind::header_length, "header_length"},
    KindName{NoticeKind::film_times, "film_times"},
    KindName{NoticeKind::score, "score"},
    KindName{NoticeKind::time_unit, "time_unit"},
    KindName{NoticeKind::scale, "scale"},
    KindName{NoticeKind::players, "players"},
    KindName{NoticeKind::swapped_hands, "swapped_hands"},
    KindName{NoticeKind::no_hand, "no_hand"},
    KindName{NoticeKind::posture, "posture"},
    KindName{NoticeKind::rate, "rate"},
    KindName{NoticeKind::length, "length"},
    KindName{NoticeKind::level, "level"},
};

}  // namespace

bool is_warning(NoticeKind kind) {
  return kind >= NoticeKind::time_unit;
}

std::string_view notice_name(NoticeKind kind) {
  for (const KindName& entry : kNames) {
    if (entry.kind == kind) return entry.name;
  }
  return "";
}

std::optional<NoticeKind> parse_notice_name(std::string_view name) {
  for (const KindName& entry : kNames) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

bool has(const Notices& notices, NoticeKind kind) {
  return std::any_of(notices.begin(), notices.end(),
                     [kind](const Notice& notice) { return notice.kind == kind; });
}

void append(Notices& notices, Notices more, const std::string& where) {
  for (Notice& notice : more) {
    if (!where.empty()) {
      notice.where = notice.where.empty() ? where : where + ": " + notice.where;
    }
    notices.push_back(std::move(notice));
  }
}

void say(const Notices& notices) {
  for (const Notice& notice : notices) {
    const std::string line = printable(notice.text());
    is_warning(notice.kind) ? log::warning(line) : log::info(line);
  }
}

}  // namespace minet
