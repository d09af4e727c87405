// The raw data of NDB: which bin each clip fell into. A shard covers some of the judged clips; its
// file holds this as JSON, and all shards joined give the same as a single run.
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
  // What is measured and how, the same in every shard: first the requested settings, then those of
  // the model and the corpus. "judged" and "seconds" count all clips of all shards.
  nlohmann::ordered_json settings;
  NdbBins bins;  // without their centres if read from a file
  std::string centres_hash;
  std::size_t first = 0;  // index among all judged clips
  BinnedClips judged;
  BinnedClips test, codes;  // real clips; empty without floors or codes
};

std::string ndb_shard_json(const NdbFindings& findings, const Shard& shard);
// InputError if the file is missing, is something else, or holds a different shard.
NdbFindings read_ndb_shard(const std::filesystem::path& file, const Shard& shard);

// The key of the first setting that differs; empty if none does. Keys that `expected` lacks are
// ignored.
std::string other_setting(const nlohmann::ordered_json& expected,
                          const nlohmann::ordered_json& found);
// A setting as shown in messages: hashes are shortened.
std::string setting(const nlohmann::ordered_json& settings, const std::string& key);

// The findings of all shards, read from files in the order of their numbers. `asked`: settings that
// they must have. InputError if settings or bins differ from `asked` or from the first shard's, or
// if a shard's clips do not follow the previous one's.
NdbFindings join_ndb_shards(const std::vector<std::filesystem::path>& files,
                            const nlohmann::ordered_json& asked);

}  // namespace minet::evaluation
