// Reads the table: cells to typed sources, unique ids, consistent groups and splits.
#include "corpus/table.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "corpus/index.hpp"
#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/film.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"

namespace minet::corpus {
namespace {

constexpr std::size_t kMaxRows = 100000;
constexpr std::size_t kMaxIdFromName = 100;  // characters of a file name used for an id

const std::vector<std::string> kColumns = {"audio",  "pose",        "notes",       "instrument",
                                           "group",  "split",       "fps",         "id",
                                           "person", "pose_format", "first_frame", "picture"};

void check_header(const CsvTable& table) {
  for (const std::string& name : table.header) {
    if (std::find(kColumns.begin(), kColumns.end(), name) == kColumns.end()) {
      const auto near = nearest_name(name, kColumns);
      throw InputError(text(table.name, " has a column '", excerpt(name), "', which is not known",
                            near ? " (" + *near + "?)" : "", "; the columns are ",
                            join(kColumns, ", ")));
    }
  }
  for (const char* name : {"audio", "pose"}) {
    if (!table.has_column(name)) {
      throw InputError(text(table.name, " should have the columns audio and pose, but has no ",
                            name, "; it has ", join(table.header, ", ")));
    }
  }
  if (table.rows.empty()) {
    throw InputError(table.name + " has a header but no rows; add one row for each track");
  }
  if (table.rows.size() > kMaxRows) {
    throw InputError(text(table.name, " has ", table.rows.size(), " rows, more than the limit of ",
                          kMaxRows, "; split it into several corpora"));
  }
}

class RowReader {
 public:
  RowReader(const CsvTable& table, const CsvRow& row, const std::filesystem::path& folder)
      : table_(table), row_(row), folder_(folder) {}

  std::string cell(std::string_view name) const {
    if (!table_.has_column(name)) return {};
    return std::string(trim(row_.cells[table_.column(name)]));
  }

  std::filesystem::path path(std::string_view name) const {
    const std::string value = cell(name);
    if (value.empty()) return {};
    return folder_ / value;  // an absolute path replaces the folder
  }

  TrackSource read() const {
    TrackSource source;
    source.line = row_.line;
    if (cell("audio").empty()) {
      throw InputError("the column audio should name a file, but is empty");
    }
    source.audio = path("audio");
    source.pose = path("pose");
    if (source.pose.empty()) {
      if (!is_video_name(source.audio)) {
        throw InputError(
            "the column pose should name a file, but is empty; it may be empty only if audio names "
            "a video");
      }
      source.pose = source.audio;
    }
    source.notes = path("notes");
    source.instrument = cell("instrument");
    source.group = cell("group");
    source.split = cell("split");
    if (!source.split.empty() && source.split != "train" && source.split != "test") {
      throw InputError(
          text("split should be train, test or empty, not '", excerpt(source.split), "'"));
    }
    source.id = cell("id");
    if (!source.id.empty() && !is_safe_name(source.id)) {
      throw InputError(
          text("id should be letters, digits, '.', '_' and '-', not '", excerpt(source.id), "'"));
    }
    if (source.id == kCorpusFile || source.id == kTracksFile) {
      throw InputError(
          text("id ", source.id, " is the name of a file of the corpus; choose another"));
    }
    if (is_video_name(source.pose)) refuse_file_options(source.pose);
    read_pose_options(source);
    return source;
  }

 private:
  void refuse_file_options(const std::filesystem::path& video) const {
    for (const char* name : {"fps", "picture", "first_frame", "pose_format"}) {
      if (cell(name).empty()) continue;
      throw InputError(text(name,
                            " should be empty if the keypoints are found in a video, but is '",
                            excerpt(cell(name)), "' for ", excerpt(video.string()),
                            "; leave it out, or give a keypoint file"));
    }
  }

  void read_pose_options(TrackSource& source) const {
    const std::string fps = cell("fps");
    if (!fps.empty()) {
      source.pose_options.fps = parse_cell(fps, table_.separator);
      if (!source.pose_options.fps || !(*source.pose_options.fps > 0) ||
          *source.pose_options.fps > 1000) {
        throw InputError(
            text("fps should be a number above 0 and up to 1000, not '", excerpt(fps), "'"));
      }
    }
    const std::string person = cell("person");
    if (!person.empty()) {
      const auto number = parse_integer(person);
      if (!number || *number < 0 || *number > 999) {
        throw InputError(text("person should be a number from 0, not '", excerpt(person), "'"));
      }
      source.pose_options.person = static_cast<int>(*number);
    }
    const std::string first = cell("first_frame");
    if (!first.empty()) {
      source.pose_options.first_frame = parse_integer(first);
      if (!source.pose_options.first_frame || *source.pose_options.first_frame < 0) {
        throw InputError(
            text("first_frame should be a frame number from 0, not '", excerpt(first), "'"));
      }
    }
    const std::string picture = cell("picture");
    if (!picture.empty()) source.pose_options.picture = pose::parse_picture(picture);
    const std::string format = cell("pose_format");
    if (!format.empty()) source.pose_options.format = pose::parse_pose_format(format);
  }

  const CsvTable& table_;
  const CsvRow& row_;
  const std::filesystem::path& folder_;
};

std::string id_from_name(const std::filesystem::path& audio) {
  std::string id = audio.stem().string().substr(0, kMaxIdFromName);
  for (char& c : id) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    if (!safe) c = '_';
  }
  while (!id.empty() && (id.front() == '.' || id.front() == '-')) id.erase(0, 1);
  return id.empty() ? "track" : id;
}

// Ids given by the user must differ; the others are made from file names, with -2, -3, ... added.
void settle_ids(RecordingTable& table) {
  std::map<std::string, std::size_t> line_of;
  std::erase_if(table.tracks, [&](const TrackSource& track) {
    if (track.id.empty()) return false;
    const auto [found, fresh] = line_of.emplace(track.id, track.line);
    if (fresh) return false;
    table.problems.push_back(
        {track.line, text("id ", track.id, " is taken by line ", found->second)});
    return true;
  });
  for (TrackSource& track : table.tracks) {
    if (!track.id.empty()) continue;
    const std::string base = id_from_name(track.audio);
    std::string id = base;
    const auto taken = [&] {
      return line_of.contains(id) || id == kCorpusFile || id == kTracksFile;
    };
    for (int number = 2; taken(); ++number) id = text(base, "-", number);
    line_of.emplace(id, track.line);
    track.id = id;
  }
}

// Rows without a group that share an audio file form a group, named after the first of them.
void settle_groups(RecordingTable& table) {
  std::map<std::filesystem::path, std::string> group_of;
  for (const TrackSource& track : table.tracks) {
    const auto file = track.audio.lexically_normal();
    if (!track.group.empty()) group_of.emplace(file, track.group);
  }
  for (TrackSource& track : table.tracks) {
    if (!track.group.empty()) continue;
    track.group = group_of.emplace(track.audio.lexically_normal(), track.id).first->second;
  }

  std::map<std::string, const TrackSource*> first_given;
  std::vector<RowProblem> conflicts;
  for (const TrackSource& track : table.tracks) {
    if (track.split.empty()) continue;
    const auto [found, fresh] = first_given.emplace(track.group, &track);
    const TrackSource& first = *found->second;
    if (!fresh && first.split != track.split) {
      conflicts.push_back(
          {track.line, text("group ", track.group, " is ", track.split, " here but ", first.split,
                            " in line ", first.line, "; tracks of one group belong to one split")});
    }
  }
  std::erase_if(table.tracks, [&](const TrackSource& track) {
    return std::any_of(conflicts.begin(), conflicts.end(),
                       [&](const RowProblem& problem) { return problem.line == track.line; });
  });
  table.problems.insert(table.problems.end(), conflicts.begin(), conflicts.end());
}

}  // namespace

RecordingTable read_table(const std::filesystem::path& path) {
  const CsvTable csv = read_csv(path);
  check_header(csv);
  const std::filesystem::path folder = path.parent_path();
  RecordingTable table;
  for (const CsvRow& row : csv.rows) {
    try {
      table.tracks.push_back(RowReader(csv, row, folder).read());
    } catch (const InputError& error) {
      table.problems.push_back({row.line, error.what()});
    }
  }
  settle_ids(table);
  settle_groups(table);
  return table;
}

}  // namespace minet::corpus
