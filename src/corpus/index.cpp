// corpus.yaml and tracks.csv. Both are small, and both are treated as untrusted input.
#include "corpus/index.hpp"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <set>

#include "minet/core/csv.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/hash.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"
#include "minet/core/version.hpp"

namespace minet::corpus {
namespace {

constexpr std::uint64_t kMaxCorpusYaml = 64 * 1024;  // bytes

const std::vector<std::string> kColumns = {"id",     "split",     "instrument", "group", "seconds",
                                           "frames", "gap_share", "gain_db",    "notes"};

// Reads only the top level, so that neither nesting nor anchors matter.
std::map<std::string, std::string> read_flat_yaml(const std::filesystem::path& path) {
  std::map<std::string, std::string> values;
  try {
    const YAML::Node root = YAML::Load(read_file(path, kMaxCorpusYaml));
    if (!root.IsMap()) {
      throw InputError(text(path.string(), " should hold keys and values such as format_version: ",
                            kFormatVersion, "; it is not the corpus.yaml that mi_prepare writes"));
    }
    for (const auto& item : root) {
      if (!item.first.IsScalar() || !item.second.IsScalar()) {
        throw InputError(text(path.string(), " line ", item.first.Mark().line + 1,
                              ": expected one value after each key"));
      }
      if (!values.emplace(item.first.Scalar(), item.second.Scalar()).second) {
        throw InputError(text(path.string(), " line ", item.first.Mark().line + 1, ": the key ",
                              excerpt(item.first.Scalar()), " appears twice"));
      }
    }
  } catch (const YAML::Exception& error) {
    throw InputError(text(path.string(), " line ", error.mark.line + 1,
                          " is not well-formed YAML (", error.msg,
                          "); prepare the corpus again or restore the file"));
  }
  return values;
}

const std::string& value_of(const std::map<std::string, std::string>& values,
                            const std::string& key, const std::filesystem::path& path) {
  const auto found = values.find(key);
  if (found == values.end()) {
    throw InputError(text(path.string(), " has no key ", key,
                          "; it is not the corpus.yaml that mi_prepare writes"));
  }
  return found->second;
}

struct RowReader {
  const CsvTable& table;
  const CsvRow& row;

  const std::string& cell(const std::string& name) const { return row.cells[table.column(name)]; }
  [[noreturn]] void fail(const std::string& name, const std::string& expected) const {
    throw InputError(text(table.name, " line ", row.line, ": ", name, " should be ", expected,
                          ", not '", excerpt(cell(name)), "'"));
  }
  double number(const std::string& name, double low, double high) const {
    const auto value = parse_double(cell(name));
    if (!value || !(*value >= low && *value <= high)) {
      fail(name, text("a number from ", to_text(low), " to ", to_text(high)));
    }
    return *value;
  }
};

IndexEntry read_entry(const RowReader& reader) {
  IndexEntry entry;
  Track& track = entry.track;
  track.id = reader.cell("id");
  if (!is_safe_name(track.id)) {
    reader.fail("id", "a folder name of letters, digits, '.', '_' and '-'");
  }
  track.split = reader.cell("split");
  if (track.split != "train" && track.split != "test") reader.fail("split", "train or test");
  track.group = reader.cell("group");
  constexpr double kLongest = 1e6;  // seconds; over eleven days
  track.seconds = reader.number("seconds", 0, kLongest);
  const auto frames = parse_integer(reader.cell("frames"));
  if (!frames || *frames < 0 || *frames > static_cast<long long>(kLongest * 1000)) {
    reader.fail("frames", "a whole number of pose frames");
  }
  track.pose_frames = *frames;
  track.gap_share = reader.number("gap_share", 0, 1);
  entry.gain_db = reader.number("gain_db", -1000, 1000);
  const std::string& notes = reader.cell("notes");
  if (notes != "0" && notes != "1") reader.fail("notes", "0 or 1");
  track.has_notes = notes == "1";
  entry.instrument = reader.cell("instrument");
  return entry;
}

// Corpora made by older versions have no such file.
std::map<std::string, Notices> read_notices(const std::filesystem::path& path) {
  std::map<std::string, Notices> notices;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return notices;
  const CsvTable table = read_csv(path);
  for (const CsvRow& row : table.rows) {
    const RowReader reader{table, row};
    const auto kind = parse_notice_name(reader.cell("kind"));
    const auto frames = parse_integer(reader.cell("frames"));
    if (!kind) reader.fail("kind", "a kind of notice that this version knows");
    if (!frames || *frames < 0) reader.fail("frames", "a whole number from 0");
    notices[reader.cell("track")].push_back({*kind, reader.cell("sentence"), *frames});
  }
  return notices;
}

}  // namespace

Index read_index(const std::filesystem::path& root) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(root, ignored)) {
    throw InputError(
        text("expected the folder of a prepared corpus at ", root.string(), ", but ",
             std::filesystem::exists(root, ignored) ? "that is a file" : "there is nothing",
             "; make one with mi_prepare folder"));
  }
  const std::filesystem::path yaml_path = root / kCorpusFile;
  if (!std::filesystem::exists(yaml_path, ignored)) {
    throw InputError(text(root.string(), " is not a prepared corpus (it has no ", kCorpusFile,
                          "); make one with mi_prepare folder"));
  }
  const auto values = read_flat_yaml(yaml_path);
  const std::string& version_text = value_of(values, "format_version", yaml_path);
  const auto format = parse_integer(version_text);
  if (!format || *format != kFormatVersion) {
    throw InputError(text(root.string(), " is a corpus of format version ", excerpt(version_text),
                          ", but minet ", version(), " reads version ", kFormatVersion,
                          "; prepare it again, or use the minet that made it"));
  }
  Index index;
  index.source = value_of(values, "source", yaml_path);
  index.hash = value_of(values, "hash", yaml_path);
  const auto rate = parse_integer(value_of(values, "sample_rate", yaml_path));
  if (!rate || *rate != kSampleRate) {
    throw InputError(text(yaml_path.string(), ": sample_rate should be ", kSampleRate, ", not '",
                          excerpt(values.at("sample_rate")), "'; prepare the corpus again"));
  }
  const auto fps = parse_double(value_of(values, "fps", yaml_path));
  if (!fps || *fps != kFps) {
    throw InputError(text(yaml_path.string(), ": fps should be ", to_text(kFps), ", not '",
                          excerpt(values.at("fps")), "'; prepare the corpus again"));
  }

  const CsvTable table = read_csv(root / kTracksFile);
  for (const std::string& name : kColumns) table.column(name);  // InputError if it is missing
  std::set<std::string> ids;
  for (const CsvRow& row : table.rows) {
    const RowReader reader{table, row};
    index.entries.push_back(read_entry(reader));
    if (!ids.insert(index.entries.back().track.id).second) {
      reader.fail("id", "different in every row");
    }
  }
  index.notices = read_notices(root / kNoticesFile);
  return index;
}

std::string notices_csv(const Index& index) {
  std::string out = csv_line({"track", "kind", "frames", "sentence"});
  for (const IndexEntry& entry : index.entries) {
    const auto found = index.notices.find(entry.track.id);
    if (found == index.notices.end()) continue;
    for (const Notice& notice : found->second) {
      out += csv_line({entry.track.id, std::string(notice_name(notice.kind)),
                       std::to_string(notice.frames), printable(notice.text())});
    }
  }
  return out;
}

std::string tracks_csv(const std::vector<IndexEntry>& entries) {
  std::string out = csv_line(kColumns);
  for (const IndexEntry& entry : entries) {
    const Track& track = entry.track;
    out += csv_line({track.id, track.split, entry.instrument, track.group, to_text(track.seconds),
                     std::to_string(track.pose_frames), to_text(track.gap_share),
                     to_text(entry.gain_db), track.has_notes ? "1" : "0"});
  }
  return out;
}

std::string corpus_yaml(const Index& index) {
  return text("# A prepared corpus of minet. Tracks are listed in ", kTracksFile,
              "; mi_prepare check verifies the hash.\n", "format_version: ", kFormatVersion,
              "\nsource: ", index.source, "\nsample_rate: ", index.sample_rate,
              "  # Hz\nfps: ", to_text(index.fps), "  # pose frames per second\nhash: ", index.hash,
              "\n");
}

std::vector<std::string> files_of(const Track& track) {
  std::vector<std::string> files = {track.id + "/audio.flac", track.id + "/pose.npy"};
  if (track.has_notes) files.push_back(track.id + "/notes.csv");
  return files;
}

std::vector<std::string> hashes_of(const std::filesystem::path& root, const Track& track) {
  std::vector<std::string> hashes;
  for (const std::string& file : files_of(track)) hashes.push_back(sha256_of_file(root / file));
  return hashes;
}

std::string hash_line(const std::string& hash, const std::string& relative_path) {
  return hash + "  " + relative_path + "\n";
}

std::string hash_lines(const Track& track, const std::vector<std::string>& hashes) {
  const std::vector<std::string> files = files_of(track);
  std::string lines;
  for (std::size_t i = 0; i < files.size(); ++i) lines += hash_line(hashes.at(i), files[i]);
  return lines;
}

std::string content_hash(const std::string& tracks_csv_text,
                         const std::vector<std::string>& lines_of_tracks) {
  Sha256 hash;
  hash.update(hash_line(sha256(tracks_csv_text), kTracksFile));
  for (const std::string& lines : lines_of_tracks) hash.update(lines);
  return hash.finish();
}

}  // namespace minet::corpus
