// Rules between values, as a table: each one's description and check.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "minet/config/train_config.hpp"

namespace minet::config {

struct Rule {
  const char* doc;                // for the documentation
  std::vector<const char*> keys;  // the values it reads, the likeliest culprit first
  // The problem and its remedy, with full keys, or "". Called only for values within their ranges.
  std::string (*problem)(const TrainConfig&);
};

std::span<const Rule> rules();

struct BrokenRule {
  const Rule* rule;
  std::string problem;
};

// Checks the rules of which no key, nor its section, is in `doubtful`.
std::vector<BrokenRule> broken_rules(const TrainConfig& config,
                                     const std::set<std::string>& doubtful);

// Rules for legal values that are known to work badly, in the same form.
std::span<const Rule> advice_rules();

}  // namespace minet::config
