// A work in several runs, such as the tasks of a Slurm array, on one machine or many. Each run, a
// shard, does some of the work of OUT and leaves it in OUT.shards/<number>-of-<count>; merging
// makes of them what one run would have made.
//
// A finished shard has, beside its results, command.json: what was run, so that the same command
// can merge.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace minet {

struct Shard {
  int number = 0, count = 0;  // 1 .. count; without either: the whole work in one run
  bool merge = false;         // what there is of all shards
};

Shard parse_shard(const std::string& word);  // "3/8" or "merge"; InputError
std::string to_text(const Shard& shard);     // "3/8"

// Of `items` those that are a shard's: neighbours, one more or less than another shard's.
struct ItemRange {
  std::size_t first = 0, last = 0;  // [first, last)
};
ItemRange items_of(const Shard& shard, std::size_t items);

// OUT.shards/3-of-8.
std::filesystem::path shard_folder(const std::filesystem::path& out, const Shard& shard);
// The folders of finished shards, by name. InputError: none.
std::vector<std::filesystem::path> finished_shards(const std::filesystem::path& out);
// Those of shards 1 to N, by number. InputError: one is missing, or shards of another N are there.
std::vector<std::filesystem::path> all_shards(const std::filesystem::path& out);

struct ShardCommand {
  std::filesystem::path folder;        // in which it was given
  std::vector<std::string> arguments;  // without the program's name and without --shard
};
bool is_finished_shard(const std::filesystem::path& shard);
// Marks a shard as finished; the command is given in the current folder.
void save_shard_command(const std::filesystem::path& shard,
                        const std::vector<std::string>& arguments);
ShardCommand read_shard_command(const std::filesystem::path& shard);  // InputError

}  // namespace minet
