// The contents of a folder in URMP's layout, judged by names alone.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "corpus/build.hpp"

namespace minet::corpus {

struct Piece {
  std::filesystem::path folder;
  std::string number, title;       // "15", "Surprise"
  std::vector<std::string> codes;  // of the parts, in order: "tpt", "tpt", "tbn"
};

// nullopt if `name` is not <NN>_<Title>_<code>...; codes are URMP's 13.
std::optional<Piece> parse_piece(const std::string& name);

// The pieces in `root`, by name. Folders that start with a number but are no piece are added to
// `strange`; others (hidden, Supplementary_Files) are skipped.
std::vector<Piece> list_pieces(const std::filesystem::path& root,
                               std::vector<std::string>& strange);

// The file PREFIX_<part>_* in `folder` with one of `extensions` (lower case; empty: any, folders
// too), at most `depth` folders down. InputError if there is none or more than one.
std::filesystem::path find_part(const std::filesystem::path& folder, const std::string& prefix,
                                int part, const std::vector<std::string>& extensions,
                                int depth = 0);

struct PieceFile {
  std::filesystem::path path;
  bool whole_piece = false;  // shows or holds all parts
};

PieceFile find_pose(const std::filesystem::path& root, const Piece& piece, int part);
PieceFile find_score(const Piece& piece);

}  // namespace minet::corpus
