// Solos' three JSON files, treated as untrusted input.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace minet::corpus {

struct SolosVideo {
  std::string id, category;                    // "OqH9szlahwU", "Saxophone"
  std::pair<std::int64_t, std::int64_t> rows;  // [start, stop) in the whole array; 0, 0: absent
  std::size_t intervals = 0;                   // with visible hands
  std::int64_t interval_frames = 0;
};

struct SolosIndex {
  std::vector<SolosVideo> videos;  // of solos_ids.json, in its order
  std::int64_t rows = 0;           // of the whole array: "_counter", or the last video's end
};

// InputError names the file, the key and what was expected there. Videos that are not in
// solos_timestamps.json have no intervals; those that are not in skeleton_dict.json have no rows.
SolosIndex read_solos_index(const std::filesystem::path& root);

// Sound files by stem, up to three folders deep; if there are several, one that needs no ffmpeg.
std::map<std::string, std::filesystem::path> sounds_by_name(const std::filesystem::path& root);

}  // namespace minet::corpus
