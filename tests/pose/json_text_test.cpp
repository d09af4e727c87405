// JSON with Python's NaN and Infinity, read in blocks of 64 KiB.
#include "pose/json_text.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <sstream>
#include <string>

namespace minet::pose {
namespace {

std::string read_all(const std::string& text) {
  std::istringstream source(text);
  JsonText json(source);
  return {std::istreambuf_iterator<char>(json), {}};
}

TEST(JsonText, WordsOutsideStringsBecomeNull) {
  EXPECT_EQ(read_all(R"([NaN, Infinity, -Infinity, -1e-3, true, "NaN \"-Infinity", "\\", NaN])"),
            R"([null, null, null, -1e-3, true, "NaN \"-Infinity", "\\", null])");
}

// The first block ends within a string, at a space or in a word, and the second one in a word.
TEST(JsonText, WordsMayLieAcrossTheEndOfABlock) {
  constexpr std::size_t kBlock = 65536;
  for (const std::string word : {"NaN", "Infinity", "-Infinity"}) {
    for (const std::size_t spaces : {kBlock, kBlock - 3}) {
      const std::string before = "[\"" + std::string(spaces, ' ') + "NaN\",";
      for (std::size_t at = 2 * kBlock - 12; at < 2 * kBlock + 12; ++at) {
        const std::string start = before + std::string(at - before.size(), ' ');
        ASSERT_EQ(read_all(start + word + ", 1]"), start + "null, 1]") << word << " at " << at;
      }
    }
  }
}

}  // namespace
}  // namespace minet::pose
