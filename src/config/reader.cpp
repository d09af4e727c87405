// Unknown keys, and the lookup of known ones (see reader.hpp).
#include "config/reader.hpp"

#include <algorithm>

#include "config/listing.hpp"
#include "minet/core/message.hpp"
#include "minet/core/text.hpp"

namespace minet::config {

const std::vector<std::string>& all_keys() {
  static const std::vector<std::string> kKeys = [] {
    std::vector<std::string> keys;
    for (const Row& row : list(TrainConfig{}).rows) keys.push_back(row.path());
    return keys;
  }();
  return kKeys;
}

const Node* Reader::take(const char* key) {
  known_.emplace_back(key);
  for (const Entry& entry : mapping_.entries) {
    if (entry.key != key) continue;
    if (entry.value.kind != Node::Kind::refused) return &entry.value;
    reading_.doubtful.insert(key_path(path_, key));  // already reported by the parser
  }
  return nullptr;
}

void Reader::finish() {
  for (const Entry& entry : mapping_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    report(entry.position, key_path(path_, entry.key), unknown_key(entry.key));
  }
}

std::string Reader::unknown_key(const std::string& key) {
  if (const auto near = nearest_name(key, known_)) {
    // The value meant for this key is missing, so rules about it would give misleading messages.
    reading_.doubtful.insert(key_path(path_, *near));
    return text("unknown key (did you mean '", *near, "'?)");
  }
  // A known key in the wrong place: `channels` at the top level, or `vqvae.channels` as one key.
  std::vector<std::string> places;
  for (const std::string& known : all_keys()) {
    const auto dot = known.find('.');
    if (known == key || known.substr(dot + 1) == key) {
      places.push_back(text("'", known.substr(dot + 1), "' below '", known.substr(0, dot), ":'"));
    }
  }
  if (!places.empty()) return text("unknown key here; there is ", word_list(places));
  return text("unknown key; expected ", word_list(known_));
}

std::string Reader::not_a_section(const Node& node) {
  if (node.kind == Node::Kind::null) {
    return "expected keys below it, got nothing; remove it, or indent the keys under it";
  }
  return text("expected keys below it, got ",
              node.kind == Node::Kind::sequence ? "a list" : text("'", excerpt(node.text), "'"));
}

}  // namespace minet::config
