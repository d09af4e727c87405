// What NDB's figures are made of: which bin each clip fell into. A shard has some of the judged
// clips; its file is this as JSON, and all shards' joined are what one run finds.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluation/ndb_bins.hpp"
#include "evaluation/statistics/bins.hpp"
#include "minet/core/shard.hpp"

namespace minet::evaluation {

struct NdbFindings {
  // What is measured and how, a value each, the same in every shard: first what was asked for, then
  // what the model and the corpus say. "judged" and "seconds" count all clips of all shards.
  nlohmann::ordered_json settings;
  NdbBins bins;  // without their centres where they are read from a file
  std::string centres_hash;
  std::size_t first = 0;  // clip, of all that are judged
  BinnedClips judged;
  BinnedClips test, codes;  // real clips; empty without floors, without codes
};

std::string ndb_shard_json(const NdbFindings& findings, const Shard& shard);
// InputError: no such file, something else, or another shard than expected.
NdbFindings read_ndb_shard(const std::filesystem::path& file, const Shard& shard);

// The key of the first setting that differs; empty where none does. Keys that `expected` lacks are
// not looked at.
std::string other_setting(const nlohmann::ordered_json& expected,
                          const nlohmann::ordered_json& found);
// A setting for a message: a hash is cut.
std::string setting(const nlohmann::ordered_json& settings, const std::string& key);

// The findings of all shards, read from files in the order of their numbers. `asked`: settings that
// they must have. InputError: one has other settings or bins than asked or than the first, or has
// not the clips that follow those before.
NdbFindings join_ndb_shards(const std::vector<std::filesystem::path>& files,
                            const nlohmann::ordered_json& asked);

}  // namespace minet::evaluation
