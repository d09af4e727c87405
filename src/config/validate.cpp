// Checks of a configuration that was built in code, and advice on any configuration.
#include <set>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "config/fields.hpp"
#include "config/problems.hpp"
#include "config/rules.hpp"
#include "config/values.hpp"
#include "minet/config/config.hpp"

namespace minet::config {
namespace {

const Place kNowhere{{.name = "configuration", .order = 0, .has_lines = false}, {}};

class Checker {
 public:
  template <class Value, class Check>
  void field(const char* key, const Value& value, const Check& check, Origin, const char*) {
    const std::string problem = check_value(value, check);
    if (problem.empty()) return;
    const std::string path = key_path(section_, key);
    problems.add(kNowhere, path, problem);
    doubtful.insert(path);
  }

  template <class Section>
  void section(const char* key, const Section& values, const char*) {
    section_ = key;
    fields(*this, values);
  }

  Problems problems;
  std::set<std::string> doubtful;

 private:
  std::string section_;
};

}  // namespace

void validate(const TrainConfig& config) {
  Checker checker;
  fields(checker, config);
  for (const BrokenRule& broken : broken_rules(config, checker.doubtful)) {
    checker.problems.add(kNowhere, "", broken.problem);
  }
  checker.problems.throw_if_any();
}

std::vector<std::string> advice(const TrainConfig& config) {
  std::vector<std::string> sentences;
  for (const Rule& rule : advice_rules()) {
    const std::string sentence = rule.problem(config);
    if (!sentence.empty()) sentences.push_back(sentence);
  }
  return sentences;
}

}  // namespace minet::config
