// Splits a job into several runs, such as the tasks of a Slurm array, on one machine or many. Each
// run, a shard, does part of the work for OUT and leaves it in OUT.shards/<number>-of-<count>;
// merging combines the shards into what a single run would have made.
//
// Besides its results, a finished shard holds command.json: the command that was run, so that
// merging can repeat it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace minet {

struct Shard {
  int number = 0, count = 0;  // 1 .. count; both 0: the whole job in one run
  bool merge = false;         // combine the finished shards
};

Shard parse_shard(const std::string& word);  // "3/8" or "merge"; InputError
std::string to_text(const Shard& shard);     // "3/8"

// The items of a shard: a contiguous range; shards differ by at most one item.
struct ItemRange {
  std::size_t first = 0, last = 0;  // [first, last)
};
ItemRange items_of(const Shard& shard, std::size_t items);

// OUT.shards/3-of-8.
std::filesystem::path shard_folder(const std::filesystem::path& out, const Shard& shard);
// The folders of finished shards, sorted by name. InputError if there are none.
std::vector<std::filesystem::path> finished_shards(const std::filesystem::path& out);
// The folders of shards 1 to N, in order. InputError if one is missing or N is ambiguous.
std::vector<std::filesystem::path> all_shards(const std::filesystem::path& out);

struct ShardCommand {
  std::filesystem::path folder;        // working directory of the run
  std::vector<std::string> arguments;  // without the program's name and without --shard
};
bool is_finished_shard(const std::filesystem::path& shard);
// Marks a shard as finished; records the current folder as the one the command was run in.
void save_shard_command(const std::filesystem::path& shard,
                        const std::vector<std::string>& arguments);
ShardCommand read_shard_command(const std::filesystem::path& shard);  // InputError

}  // namespace minet
