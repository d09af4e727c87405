// DeepLabCut's CSV: header rows `scorer`, (`individuals`,) `bodyparts` and `coords`, then one row
// per frame with x, y, likelihood of each body part. Labelled frames (CollectedData) have no
// likelihood, and image paths instead of frame numbers, in one column or in three.
// https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html
// Users name body parts themselves, so they are matched by name: the names of skeleton.hpp, common
// spellings of them (aliases below), or a map file `bodypart,joint`.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "minet/core/csv.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "pose/checks.hpp"
#include "pose/formats.hpp"
#include "pose/recording.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLine = 1U << 20;
constexpr std::size_t kMaxColumns = 10'000;

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw InputError(text("DeepLabCut keypoints in ", shown(path), " cannot be read: ", why,
                        "; give the .csv that DeepLabCut's analysis wrote"));
}

// "RightShoulder", "shoulder_R", "r shoulder" -> words, order ignored: {"r", "shoulder"}.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  char before = ' ';
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c), b = static_cast<unsigned char>(before);
    const bool starts = (std::isupper(u) && !std::isupper(b)) ||
                        (std::isdigit(u) != 0) != (std::isdigit(b) != 0) || !std::isalnum(b);
    if (std::isalnum(u)) {
      if (starts || words.empty()) {
        words.emplace_back();
      }
      words.back() += static_cast<char>(std::tolower(u));
    }
    before = c;
  }
  return words;
}

// The joint that a body part's name means; -1: none of the 47.
int joint_of(std::string_view name) {
  const int exact = joint_index(lower(trim(name)));
  if (exact >= 0) {
    return exact;
  }
  static const std::map<std::string, std::string, std::less<>> kWords = {
      {"right", "right"},   {"r", "right"},       {"left", "left"},
      {"l", "left"},        {"neck", "neck"},     {"shoulder", "shoulder"},
      {"elbow", "elbow"},   {"wrist", "wrist"},   {"thumb", "thumb"},
      {"index", "index"},   {"pointer", "index"}, {"middle", "middle"},
      {"ring", "ring"},     {"little", "little"}, {"pinky", "little"},
      {"pinkie", "little"}, {"cmc", "1"},         {"mcp", "1"},
      {"pip", "2"},         {"dip", "3"},         {"tip", "4"},
      {"1", "1"},           {"2", "2"},           {"3", "3"},
      {"4", "4"},           {"finger", ""},       {"hand", ""},
      {"joint", ""}};
  std::string side, part, number;
  std::vector<std::string> words = words_of(name);
  // "rshoulder", "lwrist"
  if (words.size() == 1 && words[0].size() > 1 && !kWords.contains(words[0]) &&
      (words[0][0] == 'r' || words[0][0] == 'l')) {
    words = {words[0].substr(0, 1), words[0].substr(1)};
  }
  for (const std::string& word : words) {
    const auto known = kWords.find(word);
    if (known == kWords.end()) {
      return -1;
    }
    const std::string& meaning = known->second;
    std::string& slot = meaning == "right" || meaning == "left"           ? side
                        : meaning.size() == 1 && std::isdigit(meaning[0]) ? number
                                                                          : part;
    if (meaning.empty()) {
      continue;
    }
    if (!slot.empty()) {
      return -1;
    }
    slot = meaning;
    if (part == "thumb" && (word == "mcp" || word == "ip")) {
      number.assign(1, word == "mcp" ? '2' : '3');
    }
  }
  return joint_index(side + (side.empty() ? "" : "_") + part + (number.empty() ? "" : "_") +
                     number);
}

std::map<std::string, int, std::less<>> read_names(const fs::path& path) {
  const CsvTable table = read_csv(path);
  const std::size_t part = table.column("bodypart"), joint = table.column("joint");
  std::map<std::string, int, std::less<>> names;
  for (const CsvRow& row : table.rows) {
    const int index = joint_index(trim(row.cells[joint]));
    if (index < 0) {
      throw InputError(
          text("expected one of the 47 joints, such as right_wrist or left_index_1, "
               "got ",
               excerpt(row.cells[joint]), " in line ", row.line, " of ", shown(path),
               "; docs/keypoints.md lists them"));
    }
    names[std::string(trim(row.cells[part]))] = index;
  }
  return names;
}

struct Column {
  std::size_t individual = 0;
  int joint = -1;
  int axis = 0;
};

// The columns given by the header rows, without those that identify a row's frame.
struct Header {
  std::size_t index_columns = 1;
  std::vector<Column> columns;
  std::vector<std::string> individuals;
  bool scored = false;  // has a likelihood
};

using Cells = std::vector<std::string>;

Header read_header(const Cells& individuals, const Cells& parts, const Cells& coords,
                   const ReadPoseOptions& options, const fs::path& path, RawPose& pose) {
  if (parts.size() != coords.size() ||
      (!individuals.empty() && individuals.size() != parts.size())) {
    refuse(path, "expected header rows of the same length, got different lengths");
  }
  std::map<std::string, int, std::less<>> names;
  if (options.names) {
    names = read_names(*options.names);
  }
  Header header;
  std::map<std::string, std::size_t> known;
  std::array<std::string, kJoints> taken;
  std::vector<std::string> unknown;
  bool any = false;
  while (header.index_columns < parts.size() && trim(parts[header.index_columns]).empty()) {
    ++header.index_columns;
  }
  for (std::size_t i = header.index_columns; i < parts.size(); ++i) {
    const std::string part(trim(parts[i]));
    const std::string who = individuals.empty() ? "" : std::string(trim(individuals[i]));
    const auto [entry, added] = known.try_emplace(who, header.individuals.size());
    if (added) {
      header.individuals.push_back(who);
    }
    const auto mapped = names.find(part);
    Column column{entry->second, mapped != names.end() ? mapped->second : joint_of(part), 0};
    const std::string coord = lower(trim(coords[i]));
    column.axis = coord == "x" ? 0 : coord == "y" ? 1 : coord == "likelihood" ? 2 : -1;
    if (column.axis < 0) {
      refuse(path, text("expected x, y and likelihood as coords, got ", excerpt(coords[i])));
    }
    header.scored |= column.axis == 2;
    if (column.joint >= 0) {
      std::string& owner = taken[static_cast<std::size_t>(column.joint)];
      if (!owner.empty() && owner != part) {
        refuse(path, text("got both ", excerpt(owner), " and ", excerpt(part), " as ",
                          kSkeleton[static_cast<std::size_t>(column.joint)].name));
      }
      owner = part;
      any = true;
    } else if (unknown.empty() || unknown.back() != excerpt(part)) {
      unknown.push_back(excerpt(part));
    }
    header.columns.push_back(column);
  }
  if (!any) {
    refuse(path,
           text("expected body parts named as the 47 joints, got only ",
                unknown.empty() ? "none" : join(unknown, ", ").substr(0, 200),
                ", so a file that maps their names to joints (the option 'names') is needed"));
  }
  if (!unknown.empty()) {
    pose.notices.push_back(
        {NoticeKind::left_out, text("body parts other than the 47 joints are ignored: ",
                                    join(unknown, ", ").substr(0, 300))});
  }
  if (!header.scored) {
    pose.notices.push_back({NoticeKind::no_confidence,
                            "there is no likelihood in the file: every point that has a place "
                            "counts as seen"});
  }
  return header;
}

// If the file has no neck: the middle of the shoulders, as in layouts.cpp.
void add_neck(Person& person) {
  const float *right = person.joint(kRightShoulder), *left = person.joint(kLeftShoulder);
  if (!is_absent(right) && !is_absent(left)) {
    put_joint(person.joint(kNeck), (static_cast<double>(right[0]) + left[0]) / 2,
              (static_cast<double>(right[1]) + left[1]) / 2, std::fmin(right[2], left[2]));
  }
}

// Reads the file line by line, with the separator of its first line.
class Lines {
 public:
  explicit Lines(const fs::path& path) : path_(path), file_(open_input(path)) {}

  // Reads the next non-empty line; false at the end. InputError for one that is too long.
  bool next(Cells& cells) {
    std::string line;
    do {
      if (!std::getline(file_, line)) return false;
      ++number_;
    } while (trim(line).empty());
    if (line.size() > kMaxLine) {
      refuse(path_, text("got a line of over 1 MiB, line ", number_));
    }
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
    if (separator_ == 0) {
      constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
      if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
      separator_ = csv_separator(line);
    }
    cells = split(line, separator_);
    return true;
  }
  std::int64_t number() const { return number_; }  // of the last line read, from 1
  char separator() const { return separator_; }

 private:
  const fs::path& path_;
  std::ifstream file_;
  std::int64_t number_ = 0;
  char separator_ = 0;
};

// The header rows, which describe the columns.
struct Titles {
  Cells individuals, parts, coords;  // the first is empty for a single animal
};

Titles read_titles(Lines& lines, const fs::path& path) {
  Titles titles;
  Cells scorer;
  bool good = lines.next(scorer) && lines.next(titles.parts);
  if (good && lower(trim(titles.parts[0])) == "individuals") {
    titles.individuals = std::move(titles.parts);
    good = lines.next(titles.parts);
  }
  good = good && lines.next(titles.coords) && lower(trim(scorer[0])) == "scorer" &&
         lower(trim(titles.parts[0])) == "bodyparts" && lower(trim(titles.coords[0])) == "coords";
  if (!good || titles.parts.size() > kMaxColumns) {
    refuse(path, "expected header rows scorer, bodyparts and coords, got different ones");
  }
  return titles;
}

// x, y, likelihood of each joint; NaN, 0 if a cell is empty or missing.
using JointNumbers = std::array<double, static_cast<std::size_t>(kJoints) * kJointValues>;

std::vector<JointNumbers> numbers_of(const Header& header, const Cells& cells, char separator) {
  std::vector<JointNumbers> numbers(header.individuals.size(), JointNumbers{});
  for (std::size_t i = 0; i < header.columns.size(); ++i) {
    const Column& column = header.columns[i];
    if (column.joint < 0) continue;
    // An empty cell is an undetected point; other formats write 0, 0 for that.
    numbers[column.individual]
           [static_cast<std::size_t>(column.joint * kJointValues + column.axis)] =
               parse_cell(cells[i + header.index_columns], separator).value_or(std::nan(""));
  }
  return numbers;
}

// Adds the joints whose numbers are not usable coordinates to `bad_numbers`.
Person person_of(JointNumbers numbers, bool scored, bool has_neck, std::int64_t& bad_numbers) {
  Person person;
  for (int joint = 0; joint < kJoints; ++joint) {
    double* from = numbers.data() + joint * kJointValues;
    const bool empty = std::isnan(from[0]) && std::isnan(from[1]);
    if (!scored) from[2] = 1;
    if (!put_joint(person.joint(joint), from[0], from[1], from[2]) && !empty) ++bad_numbers;
  }
  if (!has_neck) add_neck(person);
  return person;
}

}  // namespace

RawPose read_deeplabcut(const fs::path& path, const ReadPoseOptions& options) {
  refuse_rows(options, path);
  Lines lines(path);
  const Titles titles = read_titles(lines, path);
  RawPose pose;
  pose.format = "DeepLabCut";
  const Header header =
      read_header(titles.individuals, titles.parts, titles.coords, options, path, pose);
  const bool has_neck = std::any_of(header.columns.begin(), header.columns.end(),
                                    [](const Column& column) { return column.joint == kNeck; });

  RecordingBuilder frames("DeepLabCut's files", path);
  OneRecording images(path);
  Cells cells;
  while (lines.next(cells)) {
    if (cells.size() != titles.parts.size()) {
      refuse(path, text("expected ", titles.parts.size(), " cells in line ", lines.number(),
                        ", got ", cells.size()));
    }
    // The frame number, or an image path in one cell or several.
    const std::string& name = cells[header.index_columns - 1];
    const auto frame = number_in(name);
    if (!frame) {
      refuse(path, text("expected a frame number or an image name with one in line ",
                        lines.number(), ", got ", printable(name.substr(0, 60))));
    }
    if (!parse_double(trim(name))) {
      fs::path image;
      for (std::size_t i = 0; i < header.index_columns; ++i) image /= std::string(trim(cells[i]));
      images.see(image);
    }
    if (!frames.frame(*frame).empty()) {
      refuse(path, text("expected each frame once, got frame ", *frame, " twice"));
    }
    const auto numbers = numbers_of(header, cells, lines.separator());
    for (std::size_t who = 0; who < numbers.size(); ++who) {
      Person person = person_of(numbers[who], header.scored, has_neck, pose.bad_numbers);
      person.id = titles.individuals.empty() ? -1 : static_cast<int>(who);
      frames.add(*frame, std::move(person));
    }
  }
  Recording recording = frames.finish(options, pose, true);
  assemble(recording, options, path, pose);
  return pose;
}

}  // namespace minet::pose
