// DeepLabCut's CSV: header rows `scorer`, (`individuals`,) `bodyparts` and `coords`, then a row a
// frame with x, y, likelihood for each body part. Labelled frames (CollectedData) have no
// likelihood, and images' paths instead of numbers, in one column or in three.
// https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html
// Body parts are the user's own, so they're matched by name: the names of skeleton.hpp, common
// ways to write them (aliases below), or a map file `bodypart,joint`.
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "minet/core/csv.hpp"
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
                        "; give the .csv that DeepLabCut's analysis wrote."));
}

// "RightShoulder", "shoulder_R", "r shoulder" -> words without their order: {"r", "shoulder"}.
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

// A body part's name -> joint; -1: none of the 47.
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
          text("Expected one of the 47 joints, such as right_wrist or left_index_1, "
               "got ",
               printable(row.cells[joint]), " in line ", row.line, " of ", shown(path),
               "; docs/keypoints.md lists them."));
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

// The file's columns by the header rows, without those that say which frame a row is.
struct Header {
  std::size_t index_columns = 1;
  std::vector<Column> columns;
  std::vector<std::string> individuals;
  bool scored = false;  // there is a likelihood
};

using Cells = std::vector<std::string>;

Header read_header(const Cells& individuals, const Cells& parts, const Cells& coords,
                   const ReadPoseOptions& options, const fs::path& path, RawPose& pose) {
  if (parts.size() != coords.size() ||
      (!individuals.empty() && individuals.size() != parts.size())) {
    refuse(path, "expected header rows of the same length, got others");
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
      refuse(path, text("expected x, y and likelihood as coords, got ", printable(coords[i])));
    }
    header.scored |= column.axis == 2;
    if (column.joint >= 0) {
      std::string& owner = taken[static_cast<std::size_t>(column.joint)];
      if (!owner.empty() && owner != part) {
        refuse(path, text("got both ", printable(owner), " and ", printable(part), " as ",
                          kSkeleton[static_cast<std::size_t>(column.joint)].name));
      }
      owner = part;
      any = true;
    } else if (unknown.empty() || unknown.back() != printable(part)) {
      unknown.push_back(printable(part));
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

// Without a neck of its own: the middle of the shoulders, as in layouts.cpp.
void add_neck(Person& person) {
  const float *right = person.joint(kRightShoulder), *left = person.joint(kLeftShoulder);
  if (!is_absent(right) && !is_absent(left)) {
    put_joint(person.joint(kNeck), (static_cast<double>(right[0]) + left[0]) / 2,
              (static_cast<double>(right[1]) + left[1]) / 2, std::fmin(right[2], left[2]));
  }
}

}  // namespace

RawPose read_deeplabcut(const fs::path& path, const ReadPoseOptions& options) {
  refuse_rows(options, path);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw InputError(text("Cannot read ", shown(path), "; check its permissions."));
  }
  std::int64_t line_number = 0;
  std::string line;
  char separator = 0;
  const auto next = [&](Cells& cells) {
    do {
      if (!std::getline(file, line)) {
        return false;
      }
      ++line_number;
    } while (trim(line).empty());
    if (line.size() > kMaxLine) {
      refuse(path, text("got a line of over 1 MiB, line ", line_number));
    }
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) {
      line.pop_back();
    }
    if (separator == 0) {
      constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
      if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
      separator = csv_separator(line);
    }
    cells = split(line, separator);
    return true;
  };
  Cells scorer, individuals, parts, coords;
  bool good = next(scorer) && next(parts);
  if (good && lower(trim(parts[0])) == "individuals") {
    individuals = std::move(parts);
    good = next(parts);
  }
  good = good && next(coords) && lower(trim(scorer[0])) == "scorer" &&
         lower(trim(parts[0])) == "bodyparts" && lower(trim(coords[0])) == "coords";
  if (!good || parts.size() > kMaxColumns) {
    refuse(path, "expected header rows scorer, bodyparts and coords, got others");
  }
  RawPose pose;
  pose.format = "DeepLabCut";
  const Header header = read_header(individuals, parts, coords, options, path, pose);
  bool neck = false;
  for (const Column& column : header.columns) {
    neck |= column.joint == kNeck;
  }

  RecordingBuilder frames("DeepLabCut's files", path);
  OneRecording images(path);
  Cells cells;
  while (next(cells)) {
    if (cells.size() != parts.size()) {
      refuse(path, text("expected ", parts.size(), " cells in line ", line_number, ", got ",
                        cells.size()));
    }
    // The row's number, or an image's path in one cell or in several.
    const std::string& name = cells[header.index_columns - 1];
    const auto numbered = number_in(name);
    if (!numbered) {
      refuse(path, text("expected a frame number or an image name with one in line ", line_number,
                        ", got ", printable(name.substr(0, 60))));
    }
    const std::int64_t frame = *numbered;
    if (!parse_double(trim(name))) {
      fs::path image;
      for (std::size_t i = 0; i < header.index_columns; ++i) image /= std::string(trim(cells[i]));
      images.see(image);
    }
    std::vector<std::array<double, static_cast<std::size_t>(kJoints) * kJointValues>> values(
        header.individuals.size());
    for (std::size_t i = 0; i < header.columns.size(); ++i) {
      const Column& column = header.columns[i];
      if (column.joint >= 0) {
        // An empty cell is an undetected point; 0, 0, 0 is how the others say that.
        const double number =
            parse_cell(cells[i + header.index_columns], separator).value_or(std::nan(""));
        values[column.individual]
              [static_cast<std::size_t>(column.joint * kJointValues + column.axis)] = number;
      }
    }
    if (!frames.frame(frame).empty()) {
      refuse(path, text("expected each frame once, got frame ", frame, " twice"));
    }
    for (std::size_t who = 0; who < values.size(); ++who) {
      Person person;
      for (int joint = 0; joint < kJoints; ++joint) {
        double* from = values[who].data() + joint * kJointValues;
        const bool empty = std::isnan(from[0]) && std::isnan(from[1]);
        if (!header.scored) from[2] = 1;
        if (!put_joint(person.joint(joint), from[0], from[1], from[2]) && !empty) {
          ++pose.bad_numbers;
        }
      }
      if (!neck) {
        add_neck(person);
      }
      person.id = individuals.empty() ? -1 : static_cast<int>(who);
      frames.add(frame, std::move(person));
    }
  }
  Recording recording = frames.finish(options, pose, true);
  assemble(recording, options, path, pose);
  return pose;
}

}  // namespace minet::pose
