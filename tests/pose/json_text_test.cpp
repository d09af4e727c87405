#include "pose/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace minet::pose {
namespace {

// The text is read in blocks of 65,536 bytes: the string spans the end of the first, and the words
// that of the second, at every place.
TEST(JsonText, ReadsWordsThatAreNotJsonWhereverABlockEnds) {
  for (std::size_t length = 131'040; length < 131'080; ++length) {
    const std::string letters(length, 'a');
    std::istringstream source("[\"" + letters + "\",NaN,-Infinity,Infinity,true]");
    JsonText text(source);
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(json.is_array()) << length;
    EXPECT_EQ(json[0], letters);
    EXPECT_TRUE(json[1].is_null() && json[2].is_null() && json[3].is_null() && json[4] == true);
  }
}

}  // namespace
}  // namespace minet::pose
