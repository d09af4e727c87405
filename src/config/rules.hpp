// Rules between values, as a table: what each one demands in words, and its check.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "minet/config/train_config.hpp"

namespace minet::config {

struct Rule {
  const char* doc;                // for the documentation
  std::vector<const char*> keys;  // the values it looks at, the likeliest culprit first
  // What is wrong and what to do, with full keys; "" if nothing is. Only asked for values in range.
  std::string (*problem)(const TrainConfig&);
};

std::span<const Rule> rules();

struct BrokenRule {
  const Rule* rule;
  std::string problem;
};

// A rule is asked only if none of its keys, nor their sections, is in `doubtful`.
std::vector<BrokenRule> broken_rules(const TrainConfig& config,
                                     const std::set<std::string>& doubtful);

// Legal, but known to go wrong. The same form.
std::span<const Rule> advice_rules();

}  // namespace minet::config
