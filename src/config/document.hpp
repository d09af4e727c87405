// YAML as a small tree with positions, which the reader walks instead of YAML::Node.
//
// Reason: yaml-cpp 0.7's Node drops duplicate keys, reads 010 as 8 and null as text, and makes
// cyclic nodes of `&a [*a]`. Here the parser's events are checked one by one, and features that a
// configuration never needs (anchors, aliases, tags, further documents) are rejected.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace minet::config {

inline constexpr std::size_t kMaxYamlBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxYamlDepth = 32;
inline constexpr std::size_t kMaxYamlEvents = 10000;

struct Position {
  int line = 0;  // 1-based; 0: no position
  int column = 0;
};

struct Entry;

struct Node {
  enum class Kind {
    null,
    scalar,
    sequence,
    mapping,
    refused  // already reported; not to be read
  };
  Kind kind = Kind::null;
  Position position;
  std::string text;            // scalar
  bool quoted = false;         // scalar: 'x' or "x" or a block, not plain
  std::vector<Node> items;     // sequence
  std::vector<Entry> entries;  // mapping, without duplicates
};

struct Entry {
  std::string key;
  Position position;
  Node value;
};

struct DocumentProblem {
  Position position;
  std::string key;  // full path, "" for the document itself
  std::string message;
};

struct Document {
  bool present = false;  // false: empty, or only comments
  Node root;
  std::vector<DocumentProblem> problems;
  bool complete = true;  // false: parsing stopped at the last problem, `root` is not to be read
};

// Never throws because of the text's content; problems are returned.
Document parse_document(std::string_view yaml);

// "vqvae" + "channels" -> "vqvae.channels".
std::string key_path(std::string_view parent, std::string_view key);

}  // namespace minet::config
