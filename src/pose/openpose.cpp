// A folder of OpenPose JSON files -> RawPose. Files are ordered by frame number, never by name
// alone; frame numbers without a file become frames in which everything is absent.
#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>

#include "minet/core/csv.hpp"
#include "minet/core/files.hpp"
#include "minet/core/message.hpp"
#include "pose/checks.hpp"
#include "pose/formats.hpp"
#include "pose/openpose_json.hpp"
#include "pose/recording.hpp"

namespace minet::pose {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".json";
constexpr std::string_view kSuffix = "_keypoints";
constexpr const char* kTimesFile = "times.csv";

struct FrameFile {
  std::int64_t number = 0;
  fs::path path;
};

std::vector<fs::path> json_files(const fs::path& folder, RawPose& pose) {
  std::vector<fs::path> all, named;  // named: with OpenPose's file names, which take precedence
  std::error_code error;
  std::size_t dangling = 0;  // broken links: frames that are lost
  fs::path first_dangling;
  fs::directory_iterator files(folder, error);
  for (; !error && files != fs::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    std::error_code ignored;
    if (name.starts_with('.') || lower(files->path().extension().string()) != kExtension) {
      continue;
    }
    if (!files->is_regular_file(ignored)) {
      if (!files->is_symlink(ignored) || files->exists(ignored)) continue;  // a folder, a pipe
      ++dangling;
      if (first_dangling.empty()) first_dangling = files->path();
      continue;
    }
    if (all.size() == static_cast<std::size_t>(kMaxFrames)) {
      throw InputError(text("expected at most ", kMaxFrames, " keypoint files in ", shown(folder),
                            ", got more; split the recording"));
    }
    all.push_back(files->path());
    if (files->path().stem().string().ends_with(kSuffix) && frame_number(files->path())) {
      named.push_back(files->path());
    }
  }
  if (error) {
    throw InputError(text("cannot list the folder ", shown(folder), ": ", error.message()));
  }
  if (dangling > 0) {
    throw InputError(text("expected keypoint files in ", shown(folder), ", but ", dangling, " of ",
                          all.size() + dangling, " are broken links, such as ",
                          shown(first_dangling.filename()), " (", why_absent(first_dangling),
                          "); fetch the files that they point to"));
  }
  if (all.empty()) {
    throw InputError(
        text("expected OpenPose files NAME_<frame>_keypoints.json in ", shown(folder),
             ", got no .json file; give the folder that OpenPose's --write_json wrote"));
  }
  if (named.empty() || named.size() == all.size()) {
    return all;
  }
  pose.notices.push_back(
      {NoticeKind::left_out,
       text(all.size() - named.size(),
            " .json files that are not named NAME_<frame>_keypoints are left out")});
  return named;
}

std::vector<FrameFile> numbered(const fs::path& folder, std::vector<fs::path> paths) {
  std::sort(paths.begin(), paths.end());
  std::vector<FrameFile> files;
  files.reserve(paths.size());
  for (const fs::path& path : paths) {
    const std::optional<std::int64_t> number = frame_number(path);
    if (!number && paths.size() > 1) {
      throw InputError(
          text("expected a frame number in the name of every keypoint file, got none in ",
               shown(path), "; keep each recording's OpenPose files in a separate folder"));
    }
    files.push_back({number.value_or(0), path});
  }
  OneRecording one(folder);
  for (const FrameFile& file : files) one.see(file.path.filename());
  std::stable_sort(files.begin(), files.end(),
                   [](const FrameFile& a, const FrameFile& b) { return a.number < b.number; });
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (files[i].number == files[i - 1].number) {
      throw InputError(text("expected one file for each frame in ", shown(folder), ", got ",
                            shown(files[i - 1].path.filename()), " and ",
                            shown(files[i].path.filename()),
                            "; keep each recording in its own folder"));
    }
  }
  return files;
}

// Drops the files before `options.first_frame` and returns the number of frame 0.
std::int64_t choose_start(std::vector<FrameFile>& files, const ReadPoseOptions& options,
                          const fs::path& folder, RawPose& pose) {
  if (!options.first_frame) {
    if (files.front().number > 1) {
      pose.notices.push_back(
          {NoticeKind::late_start,
           text("the first file is frame ", files.front().number, ", which is taken as time 0")});
    }
    return files.front().number;
  }
  const std::int64_t start = *options.first_frame;
  const auto kept = std::find_if(files.begin(), files.end(),
                                 [&](const FrameFile& file) { return file.number >= start; });
  if (start < 0 || kept == files.end()) {
    throw InputError(text("expected the first frame to be from 0 to ", files.back().number,
                          ", the last one in ", shown(folder), ", got ", start));
  }
  if (kept != files.begin()) {
    pose.notices.push_back({NoticeKind::left_out, text(kept - files.begin(), " files before frame ",
                                                       start, " are left out")});
    files.erase(files.begin(), kept);
  }
  return start;
}

// The times in the folder's times.csv (frame,time_s), because a video's frames need not be evenly
// spaced. Empty if there is none.
std::map<std::int64_t, double> read_times(const fs::path& folder) {
  std::map<std::int64_t, double> times;
  const fs::path path = folder / kTimesFile;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) {
    return times;
  }
  const CsvTable table = read_csv(path);
  const std::size_t frame = table.column("frame"), time = table.column("time_s");
  for (const CsvRow& row : table.rows) {
    const std::optional<long long> number = parse_integer(row.cells[frame]);
    const std::optional<double> seconds = parse_cell(row.cells[time], table.separator);
    if (!number || *number < 0 || !seconds || !(*seconds >= 0) ||
        (!times.empty() &&
         (times.rbegin()->first >= *number || times.rbegin()->second >= *seconds))) {
      throw InputError(text("expected rising frame numbers and times from 0 on, got ",
                            excerpt(row.cells[frame]), " and ", excerpt(row.cells[time]),
                            " in line ", row.line, " of ", shown(path),
                            "; extract the keypoints again or remove the file"));
    }
    times.emplace(*number, *seconds);
  }
  return times;
}

// The contents of a folder's files: all people, before any is chosen.
struct FolderFrames {
  std::vector<std::int64_t> numbers;
  std::vector<std::vector<Person>> people;
  bool body25 = false, coco = false;
  std::int64_t bad_numbers = 0;
};

FolderFrames read_frames(const std::vector<FrameFile>& files, bool body25b) {
  FolderFrames frames;
  frames.people.reserve(files.size());
  frames.numbers.reserve(files.size());
  for (const FrameFile& file : files) {
    OpenPoseFrame frame = read_openpose_frame(file.path, body25b);
    frames.body25 |= frame.body25;
    frames.coco |= frame.coco;
    frames.bad_numbers += frame.bad_numbers;
    frames.numbers.push_back(file.number);
    frames.people.push_back(std::move(frame.people));
  }
  return frames;
}

}  // namespace

class FolderMemory {
 public:
  // A copy of the contents of exactly these files.
  FolderFrames read(const std::vector<FrameFile>& files, bool body25b) {
    const std::lock_guard lock(mutex_);
    std::vector<fs::path> paths;
    for (const FrameFile& file : files) paths.push_back(file.path);
    if (paths != paths_ || body25b != body25b_) {
      paths_.clear();  // nothing stays cached if a file cannot be read
      frames_ = read_frames(files, body25b);
      paths_ = std::move(paths);
      body25b_ = body25b;
    }
    return frames_;
  }

 private:
  std::mutex mutex_;
  std::vector<fs::path> paths_;
  bool body25b_ = false;
  FolderFrames frames_;
};

std::shared_ptr<FolderMemory> make_folder_memory() {
  return std::make_shared<FolderMemory>();
}

std::optional<std::int64_t> frame_number(const fs::path& file) {
  std::string stem = file.stem().string();
  if (stem.ends_with(kSuffix)) {
    stem.resize(stem.size() - kSuffix.size());
  }
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t last = stem.find_last_of(kDigits);
  if (last == std::string::npos) {
    return std::nullopt;
  }
  const std::size_t before = stem.find_last_not_of(kDigits, last);
  const std::size_t first = before == std::string::npos ? 0 : before + 1;
  constexpr std::int64_t kMaxNumber = 999'999'999'999'999'999;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(stem.data() + first, stem.data() + last + 1, number);
  if (error != std::errc() || number > kMaxNumber) {
    return std::nullopt;
  }
  return number;
}

RawPose read_openpose(const fs::path& path, const ReadPoseOptions& options) {
  if (options.rows) {
    throw InputError(text("Rows can be chosen in arrays only, but ", shown(path),
                          " holds OpenPose files; leave them out"));
  }
  RawPose pose;
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  std::vector<FrameFile> files =
      folder ? numbered(path, json_files(path, pose)) : std::vector<FrameFile>{{0, path}};
  const std::int64_t start = folder ? choose_start(files, options, path, pose) : 0;
  check_span(files.size(), start, files.back().number, path);

  const bool body25b = options.format == PoseFormat::openpose25b;
  FolderFrames frames =
      options.memory ? options.memory->read(files, body25b) : read_frames(files, body25b);
  pose.bad_numbers += frames.bad_numbers;
  pose.format = body25b                        ? "OpenPose BODY_25B"
                : frames.body25 && frames.coco ? "OpenPose BODY_25 and COCO-18"
                : frames.coco                  ? "OpenPose COCO-18"
                                               : "OpenPose BODY_25";
  Recording recording;
  recording.what = "OpenPose's files";
  recording.start = start;
  recording.numbers = std::move(frames.numbers);
  recording.people = std::move(frames.people);
  if (folder && !options.fps) {
    recording.times = read_times(path);
  }
  recording.note_rate = folder;
  assemble(recording, options, path, pose);
  return pose;
}

}  // namespace minet::pose
