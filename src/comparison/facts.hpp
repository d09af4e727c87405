// What the tables were made from, for people and for tables.json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "comparison/measuring.hpp"

namespace minet::comparison {

// Corpus, configuration, budgets, machines, seeds, version and omissions; one sentence each.
std::vector<std::string> facts(const Measuring& measuring);
// One object per run: kind, seed, model hash, and what its run.json says on where it was trained.
nlohmann::ordered_json runs_json(Measuring& measuring);

}  // namespace minet::comparison
