// Names in URMP's layout. Files are found by part number, because the codes in file names are wrong
// in one case (15_Surprise, part 3).
#include "corpus/urmp_tree.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 13> kCodes = {"vn", "va",  "vc",  "db", "fl",  "ob", "cl",
                                                     "bn", "sax", "tpt", "hn", "tbn", "tba"};
constexpr std::size_t kMaxEntries = 1'000'000;  // per folder; one OpenPose file per frame

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Sorted by name, without hidden entries; InputError if the folder cannot be read.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().starts_with('.')) continue;
    if (entries.size() == kMaxEntries) {
      throw InputError(text("expected at most ", kMaxEntries, " files in ", folder.string(),
                            ", got more; split the folder"));
    }
    entries.push_back(it->path());
  }
  if (error) {
    throw InputError(text("cannot list the folder ", folder.string(), ": ", error.message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// "AuSep_03_tpt_15_Surprise.wav" is PREFIX "AuSep", part 3.
bool is_part(const std::string& name, const std::string& prefix, int part) {
  if (!name.starts_with(text(prefix, "_"))) return false;
  const std::size_t from = prefix.size() + 1;
  const std::size_t to = std::min(name.find_first_not_of("0123456789", from), name.size());
  const auto number = parse_integer(std::string_view(name).substr(from, to - from));
  return number && *number == part && (to == name.size() || name[to] == '_' || name[to] == '.');
}

void collect_parts(const fs::path& folder, const std::string& prefix, int part,
                   const std::vector<std::string>& extensions, int depth,
                   std::vector<fs::path>& found) {
  for (const fs::path& path : entries_of(folder)) {
    const bool directory = is_folder(path);
    if (is_part(path.filename().string(), prefix, part)) {
      const bool wanted = extensions.empty()
                              ? path.extension() != ".svg"
                              : !directory && std::count(extensions.begin(), extensions.end(),
                                                         lower(path.extension().string())) > 0;
      if (wanted) found.push_back(path);
    } else if (directory && depth > 0) {
      collect_parts(path, prefix, part, extensions, depth - 1, found);
    }
  }
}

fs::path only_one(const std::vector<fs::path>& found, const std::string& what,
                  const fs::path& where) {
  if (found.empty()) throw InputError(text("no ", what, " in ", where.string()));
  if (found.size() > 1) {
    throw InputError(text("expected one ", what, " in ", where.string(), ", got ",
                          found[0].filename().string(), " and ", found[1].filename().string(),
                          "; keep one of them"));
  }
  return found.front();
}

bool holds_openpose(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with('.') && name.ends_with("_keypoints.json")) return true;
  }
  return false;
}

}  // namespace

std::optional<Piece> parse_piece(const std::string& name) {
  std::vector<std::string> words = split(name, '_');
  Piece piece;
  while (words.size() > 2 &&
         std::find(kCodes.begin(), kCodes.end(), words.back()) != kCodes.end()) {
    piece.codes.insert(piece.codes.begin(), words.back());
    words.pop_back();
  }
  if (piece.codes.empty() || words.size() < 2 || !is_number(words.front())) return std::nullopt;
  piece.number = words.front();
  words.erase(words.begin());
  piece.title = join(words, "_");
  if (piece.title.empty()) return std::nullopt;
  return piece;
}

std::vector<Piece> list_pieces(const fs::path& root, std::vector<std::string>& strange) {
  if (!is_folder(root)) {
    throw InputError(text("expected URMP's folder of pieces at ", root.string(), ", got ",
                          fs::exists(root) ? "a file" : "nothing there", "; check the path"));
  }
  std::vector<Piece> pieces;
  for (const fs::path& path : entries_of(root)) {
    const std::string name = path.filename().string();
    if (!is_folder(path) || name == "Supplementary_Files") continue;
    if (auto piece = parse_piece(name)) {
      piece->folder = path;
      pieces.push_back(std::move(*piece));
    } else if (is_number(split(name, '_').front())) {
      strange.push_back(name);
    }
  }
  return pieces;
}

fs::path find_part(const fs::path& folder, const std::string& prefix, int part,
                   const std::vector<std::string>& extensions, int depth) {
  std::vector<fs::path> found;
  collect_parts(folder, prefix, part, extensions, depth, found);
  return only_one(found, text(prefix, "_", part, "_* file"), folder);
}

PieceFile find_pose(const fs::path& root, const Piece& piece, int part) {
  constexpr int kDepth = 3;
  const std::string short_name = text(piece.number, "_", piece.title);
  const std::string name = piece.folder.filename().string();
  std::vector<fs::path> folders;
  for (const std::string& candidate : {name, short_name}) {
    if (is_folder(root / candidate)) folders.push_back(root / candidate);
  }
  if (folders.empty()) {
    throw InputError(text("no folder ", name, " or ", short_name, " in ", root.string()));
  }
  std::vector<fs::path> found;
  for (const fs::path& folder : folders) {
    collect_parts(folder, "Pose", part, {}, kDepth, found);
  }
  // Pose_01_Jupiter_vn_vc is the folder of the whole piece, although its name reads as part 1's.
  const auto of_piece = [&](const fs::path& path) {
    const std::string file = path.filename().string();
    return is_folder(path) && (file == "Pose_" + name || file == "Pose_" + short_name);
  };
  std::erase_if(found, of_piece);
  if (!found.empty()) {
    return {only_one(found, text("Pose_", part, "_* file"), folders.front()), false};
  }
  for (const fs::path& folder : folders) {
    for (const fs::path& candidate : {folder / "openpose", folder / ("Pose_" + name),
                                      folder / ("Pose_" + short_name), folder}) {
      if (is_folder(candidate) && holds_openpose(candidate)) return {candidate, true};
    }
  }
  throw InputError(text("no keypoints in ", folders.front().string(), ": expected Pose_", part,
                        "_* or the piece's *_keypoints.json"));
}

PieceFile find_score(const Piece& piece) {
  std::vector<fs::path> found;
  for (const fs::path& path : entries_of(piece.folder)) {
    const std::string extension = lower(path.extension().string());
    if (path.filename().string().starts_with("Sco_") &&
        (extension == ".mid" || extension == ".midi")) {
      found.push_back(path);
    }
  }
  return {only_one(found, "score Sco_*.mid", piece.folder), true};
}

}  // namespace minet::corpus
