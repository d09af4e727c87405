// Solos -> a corpus. Much of it is missing everywhere (videos vanish from the web, arrays are cut),
// so missing parts are counted and reported, and only a corpus without any video is an error.
#include <algorithm>
#include <array>
#include <set>

#include "corpus/build.hpp"
#include "corpus/solos_files.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/npy.hpp"
#include "minet/core/text.hpp"
#include "minet/core/words.hpp"
#include "minet/corpus/importers.hpp"
#include "minet/pose/pose.hpp"

namespace minet::corpus {
namespace {

constexpr double kSolosFps = 25;
constexpr std::size_t kNamed = 3;  // missing items named in a message

// URMP's codes, so that the labels of both data sets match; other categories keep their names.
std::string code_of(const std::string& category) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kCodes = {
      {{"Violin", "vn"},
       {"Viola", "va"},
       {"Cello", "vc"},
       {"DoubleBass", "db"},
       {"Flute", "fl"},
       {"Oboe", "ob"},
       {"Clarinet", "cl"},
       {"Bassoon", "bn"},
       {"Saxophone", "sax"},
       {"Trumpet", "tpt"},
       {"Horn", "hn"},
       {"Trombone", "tbn"},
       {"Tuba", "tba"}}};
  for (const auto& [name, code] : kCodes) {
    if (name == category) return std::string(code);
  }
  return lower(category);
}

// The number of rows of the array; a raw memory map has no header, so its size tells.
std::int64_t rows_of(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw InputError(text("expected Solos' array at ", path.string(),
                          ", got no such file; download skeleton.npy (3.4 GB) or name it with "
                          "the option 'skeleton'"));
  }
  if (is_npy(path)) {
    const std::vector<std::int64_t> shape = npy_shape(path);
    if (shape.size() != 3 || shape[1] != pose::kJointValues || shape[2] != pose::kJoints) {
      throw InputError(text("expected an array of shape (rows, 3, 47) in ", path.string(),
                            "; it is not Solos' skeleton.npy"));
    }
    return shape[0];
  }
  constexpr std::uint64_t kRowBytes = sizeof(float) * pose::kJointValues * pose::kJoints;
  const std::uint64_t bytes = std::filesystem::file_size(path, error);
  if (error || bytes == 0 || bytes % kRowBytes != 0) {
    throw InputError(text("expected a multiple of ", kRowBytes, " bytes (3 x 47 float32 a row) in ",
                          path.string(), ", got ", bytes, "; check that the file is whole"));
  }
  return static_cast<std::int64_t>(bytes / kRowBytes);
}

class Missing {
 public:
  void add(const std::string& what, const std::string& id) {
    for (auto& [known, ids] : lists_) {
      if (known == what) return ids.push_back(id);
    }
    lists_.push_back({what, {id}});
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& [what, ids] : lists_) {
      lines.push_back(
          text(counted(ids.size(), "video"), " ", what, " (", listed(ids, kNamed), ")"));
    }
    return lines;
  }

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> lists_;
};

std::vector<SolosVideo> choose_videos(const SolosIndex& index,
                                      const std::vector<std::string>& wanted) {
  if (wanted.empty()) return index.videos;
  std::vector<SolosVideo> chosen;
  std::set<std::string> told;
  for (const std::string& id : wanted) {
    const auto found = std::find_if(index.videos.begin(), index.videos.end(),
                                    [&](const SolosVideo& video) { return video.id == id; });
    if (found == index.videos.end()) {
      throw InputError(text("expected ids from solos_ids.json as videos, got '", printable(id),
                            "'; it lists ", counted(index.videos.size(), "video")));
    }
    if (told.insert(id).second) chosen.push_back(*found);
  }
  return chosen;
}

}  // namespace

PrepareReport prepare_solos(const PrepareSolosOptions& options) {
  if (options.first_row < 0) {
    throw InputError(text("first_row: expected 0 or more, got ", options.first_row));
  }
  const SolosIndex index = read_solos_index(options.root);
  const std::vector<SolosVideo> videos = choose_videos(index, options.videos);
  const std::filesystem::path array =
      options.skeleton.empty() ? options.root / "skeleton.npy" : options.skeleton;
  const std::int64_t first = options.first_row, last = first + rows_of(array);
  const auto sounds = sounds_by_name(options.audio);

  BuildJob job;
  job.importer = "solos";
  job.table = options.root.string();
  job.unit = "videos";
  Missing missing;
  std::size_t no_hands = 0;
  for (const SolosVideo& video : videos) {
    const auto [start, stop] = video.rows;
    if (start == stop) {
      missing.add("without rows in skeleton_dict.json", video.id);
      continue;
    }
    if (start < first || start >= last) {
      missing.add(text("outside the array's rows ", first, " to ", last), video.id);
      continue;
    }
    const auto sound = sounds.find(video.id);
    if (sound == sounds.end()) {
      missing.add(text("without sound in ", options.audio.string()), video.id);
      continue;
    }
    const std::int64_t end = std::min(stop, last);
    if (end < stop) {
      job.notices.push_back({NoticeKind::length,
                             text("only ", end - start, " of ", stop - start,
                                  " frames are in the array; the video is cut there"),
                             stop - end, video.id});
    }
    no_hands += video.intervals == 0;
    TrackSource source;
    source.line = job.tracks.size() + 1;
    source.place = video.id;
    source.id = source.group = video.id;
    source.instrument = code_of(video.category);
    source.audio = sound->second;
    source.pose = array;
    source.pose_options.format = pose::PoseFormat::solos;
    source.pose_options.fps = kSolosFps;
    source.pose_options.rows = {start - first, end - first};
    job.tracks.push_back(std::move(source));
  }
  const std::vector<std::string> gone = missing.lines();
  if (job.tracks.empty()) {
    throw InputError(text("expected at least one video with rows and sound, but of ", videos.size(),
                          " there is none: ", join(gone, "; "),
                          "; name the sound files <video id>.wav"));
  }
  job.notes.push_back(text(job.tracks.size(), " of ", counted(videos.size(), "video"), "."));
  for (const std::string& line : gone) job.notes.push_back(text("Left out: ", line, "."));
  if (no_hands > 0) {
    job.notes.push_back(text(no_hands, " videos have no interval with hands in ",
                             "solos_timestamps.json; they are kept."));
  }
  return build_corpus(job, {.table = options.root,
                            .out = options.out,
                            .force = options.force,
                            .skip_bad = options.skip_bad,
                            .test_share = options.test_share,
                            .seed = options.seed,
                            .threads = options.threads,
                            .gaps = options.gaps,
                            .shard = options.shard,
                            .arguments = options.arguments});
}

}  // namespace minet::corpus
