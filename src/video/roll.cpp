// Draws notes or codes over an image, moving with time.
#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"
#include "minet/score/notes.hpp"
#include "video/drawing.hpp"

namespace minet::video {
namespace {

constexpr double kHalf = 2;      // s on each side of the present
constexpr double kHigh = 0.2;    // of the image's height
constexpr int kLeastRange = 12;  // semitones: limits the thickness of notes

const cv::Scalar kMark(200, 170, 90), kNow(90, 220, 250), kLine(150, 150, 150);  // BGR

std::string name_of(const Roll& roll, int value) {
  static constexpr std::array<const char*, 12> kNames = {"C",  "C#", "D",  "D#", "E",  "F",
                                                         "F#", "G",  "G#", "A",  "A#", "B"};
  if (!roll.notes) return text("code ", value);
  return text(kNames[static_cast<std::size_t>(value % 12)], value / 12 - 1);
}

// The range of values that the roll shows.
std::pair<int, int> range_of(const Roll& roll) {
  const auto by_value = [](const RollMark& a, const RollMark& b) { return a.value < b.value; };
  const auto [least, most] = std::minmax_element(roll.marks.begin(), roll.marks.end(), by_value);
  const int more = std::max(0, kLeastRange - (most->value - least->value));
  return {least->value - more / 2, most->value + more - more / 2};
}

Roll codes_of(const CsvTable& table) {
  Roll roll{.notes = false, .marks = {}};
  const std::array<std::size_t, 3> columns = {table.column("onset_s"), table.column("duration_s"),
                                              table.column("code")};
  for (const CsvRow& row : table.rows) {
    std::array<double, 3> numbers{};
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const auto number = parse_cell(row.cells[columns[i]], table.separator);
      constexpr double kMost = 1e6;
      if (!number || !(*number >= 0 && *number <= kMost)) {
        throw InputError(text(table.name, ":", row.line, ": expected a number from 0 to ", kMost,
                              ", got ", excerpt(row.cells[columns[i]])));
      }
      numbers[i] = *number;
    }
    roll.marks.push_back({numbers[0], numbers[0] + numbers[1], static_cast<int>(numbers[2])});
  }
  return roll;
}

}  // namespace

Roll read_roll(const std::filesystem::path& path) {
  if (lower(path.extension().string()) == ".csv") {
    const CsvTable table = read_csv(path);
    if (table.has_column("code")) return codes_of(table);
  }
  Roll roll;
  for (const score::Note& note : score::read_notes(path).notes) {
    if (!note.drum) roll.marks.push_back({note.onset_s, note.end_s(), note.pitch});
  }
  return roll;
}

void draw_roll(cv::Mat& picture, const Roll& roll, double time_s) {
  if (roll.marks.empty()) return;
  const int high = std::max(2, static_cast<int>(kHigh * picture.rows)), wide = picture.cols;
  const int top = picture.rows - high;
  cv::Mat band = picture(cv::Rect(0, top, wide, high));
  band.convertTo(band, -1, 0.3);  // darker, so that the marks stand out
  const auto [least, most] = range_of(roll);
  const int thick = std::max(2, high / (most - least + 1));
  const auto x_of = [&](double at) {
    return static_cast<int>(std::lround(wide * (0.5 + (at - time_s) / (2 * kHalf))));
  };
  const RollMark* sounding = nullptr;
  for (const RollMark& mark : roll.marks) {
    if (mark.end_s < time_s - kHalf || mark.start_s > time_s + kHalf) continue;
    const bool now = mark.start_s <= time_s && time_s < mark.end_s;
    if (now) sounding = &mark;
    const int y = static_cast<int>((high - thick) * (most - mark.value) /
                                   std::max(1.0, static_cast<double>(most - least)));
    const int left = std::clamp(x_of(mark.start_s), 0, wide - 1);
    const int right = std::clamp(x_of(mark.end_s) - 1, left, wide - 1);
    cv::rectangle(band, cv::Point(left, y), cv::Point(right, std::min(high - 1, y + thick - 1)),
                  now ? kNow : kMark, cv::FILLED);
  }
  cv::line(band, {wide / 2, 0}, {wide / 2, high - 1}, kLine, 1);
  if (sounding == nullptr) return;
  const double scale = std::max(0.4, high / 150.0);
  cv::putText(band, name_of(roll, sounding->value),
              {wide / 2 + 6, static_cast<int>(26 * scale) + 2}, cv::FONT_HERSHEY_SIMPLEX, scale,
              kNow, 1 + (scale > 0.8), cv::LINE_AA);
}

}  // namespace minet::video
