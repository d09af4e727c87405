// Shards of a job: their names, their items and their folders.
#include "minet/core/shard.hpp"

#include <gtest/gtest.h>

#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "support/input_error.hpp"
#include "support/temp_folder.hpp"

namespace minet {
namespace {

namespace fs = std::filesystem;

void expect_says(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

void finish(const fs::path& out, const Shard& shard) {
  fs::create_directories(shard_folder(out, shard));
  save_shard_command(shard_folder(out, shard), {"ndb", "--shard", to_text(shard), "--seed", "3"});
}

TEST(Shard, IsReadFromItsName) {
  const Shard shard = parse_shard("3/8");
  EXPECT_EQ(shard.number, 3);
  EXPECT_EQ(shard.count, 8);
  EXPECT_FALSE(shard.merge);
  EXPECT_EQ(to_text(shard), "3/8");
  EXPECT_TRUE(parse_shard("merge").merge);
  for (const char* word : {"", "3", "0/3", "4/3", "1/0", "1/3/5", "a/b", "-1/3", "1/100001", "/"}) {
    expect_says(input_error([&] { parse_shard(word); }), "shard: expected I/N");
  }
}

TEST(Shard, EveryItemIsInOneShard) {
  for (const std::size_t items : {0U, 1U, 7U, 50U}) {
    for (const int count : {1, 2, 3, 9, 64}) {
      std::size_t next = 0, most = 0, least = items;
      for (int number = 1; number <= count; ++number) {
        const ItemRange range = items_of({.number = number, .count = count}, items);
        EXPECT_EQ(range.first, next);
        next = range.last;
        most = std::max(most, range.last - range.first);
        least = std::min(least, range.last - range.first);
      }
      EXPECT_EQ(next, items);
      EXPECT_LE(most - least, 1U);
    }
  }
}

TEST(Shard, FoldersOfAllAreInTheOrderOfTheirNumbers) {
  const TempFolder folder;
  const fs::path out = folder.path() / "ndb.json";
  for (int number = 12; number >= 1; --number) finish(out, {.number = number, .count = 12});
  const std::vector<fs::path> all = all_shards(out);
  ASSERT_EQ(all.size(), 12U);
  EXPECT_EQ(all[0], folder.path() / "ndb.json.shards/1-of-12");
  EXPECT_EQ(all[11], folder.path() / "ndb.json.shards/12-of-12");
}

TEST(Shard, MissingAndOverlappingOnesAreNamed) {
  const TempFolder folder;
  const fs::path out = folder.path() / "out/";
  expect_says(input_error([&] { all_shards(out); }), "expected finished shards in ");
  finish(out, {.number = 2, .count = 4});
  fs::create_directories(shard_folder(out, {.number = 3, .count = 4}));  // begun
  expect_says(input_error([&] { all_shards(out); }),
              "expected all 4 shards, but 1/4, 3/4, 4/4 are not finished");
  for (const int number : {1, 3, 4}) finish(out, {.number = number, .count = 4});
  EXPECT_EQ(all_shards(out).size(), 4U);
  finish(out, {.number = 1, .count = 3});
  expect_says(input_error([&] { all_shards(out); }),
              "expected the shards of one count, got 1-of-3 and 1-of-4");
}

TEST(Shard, ItsCommandIsKeptWithoutTheShard) {
  const TempFolder folder;
  const Shard shard{.number = 1, .count = 2};
  finish(folder.path() / "out", shard);
  const fs::path place = shard_folder(folder.path() / "out", shard);
  const ShardCommand command = read_shard_command(place);
  EXPECT_EQ(command.folder, fs::current_path());
  EXPECT_EQ(command.arguments, (std::vector<std::string>{"ndb", "--seed", "3"}));
  save_file(place / "command.json", "[1]");
  expect_says(input_error([&] { read_shard_command(place); }), "expected the command of a shard");
}

}  // namespace
}  // namespace minet
