// The reading visitor: stores a tree of YAML nodes in the structs and collects all problems.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/checks.hpp"
#include "config/document.hpp"
#include "config/fields.hpp"
#include "config/problems.hpp"
#include "config/values.hpp"

namespace minet::config {

// What has been read so far, from all sources.
struct Reading {
  TrainConfig config;
  Problems problems;
  std::map<std::string, Place> places;  // where each key was set; none for defaults
  std::set<std::string> doubtful;       // keys (or whole sections) that had a problem
};

// All "section.key" paths.
const std::vector<std::string>& all_keys();

// Reads one mapping: the root or a section. `finish`, after the visit, reports unknown keys.
class Reader {
 public:
  Reader(Reading& reading, Source source, std::string path, const Node& mapping)
      : reading_(reading), source_(std::move(source)), path_(std::move(path)), mapping_(mapping) {}

  template <class Value, class Check>
  void field(const char* key, Value& value, const Check& check, Origin, const char*) {
    const Node* node = take(key);
    if (node == nullptr) return;
    const std::string path = key_path(path_, key);
    const ValueProblems problems = read_value(*node, value, check);
    for (const ValueProblem& problem : problems) {
      report(problem.position, path + problem.suffix, problem.message);
    }
    if (problems.empty()) {
      reading_.places[path] = {source_, node->position};
    } else {
      reading_.doubtful.insert(path);
    }
  }

  template <class Section>
  void section(const char* key, Section& values, const char*) {
    const Node* node = take(key);
    if (node == nullptr) return;
    const std::string path = key_path(path_, key);
    if (node->kind != Node::Kind::mapping) {
      report(node->position, path, not_a_section(*node));
      reading_.doubtful.insert(path);
      return;
    }
    Reader inner(reading_, source_, path, *node);
    fields(inner, values);
    inner.finish();
  }

  // The value of a key that is not a field, such as `include`; nullptr if it is absent.
  const Node* take(const char* key);
  void finish();

 private:
  void report(const Position& position, const std::string& key, const std::string& message) {
    reading_.problems.add({source_, position}, key, message);
  }
  std::string unknown_key(const std::string& key);
  static std::string not_a_section(const Node& node);

  Reading& reading_;
  Source source_;
  std::string path_;
  const Node& mapping_;
  std::vector<std::string> known_;
};

}  // namespace minet::config
