// The page is complete and self-contained, and escapes all strings from the data.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "corpus/helpers.hpp"
#include "minet/core/text.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {
namespace {

std::size_t count_of(const std::string& whole, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = whole.find(part); at != std::string::npos;
       at = whole.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

class CheckPage : public testing::Test {
 protected:
  void SetUp() override {
    write_recording(folder_.path(), "one", 5, 440);
    write_recording(folder_.path(), "two", 6, 330);
    write_text(folder_.path() / "t.csv",
               "audio,pose,split,instrument,group\n"
               "one.wav,one.npy,train,\"<script>alert('1')</script>\",\"\"\"><img src=x>\"\n"
               "two.wav,two.npy,test,vn,b\n");
    prepare_folder({.table = folder_.path() / "t.csv", .out = root_, .threads = 1});
  }
  TempFolder folder_;
  std::filesystem::path root_ = folder_.path() / "corpus";
};

TEST_F(CheckPage, HasAPictureAndAStripForEachTrack) {
  const std::string page = check_page(check(root_));
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_CONTAINS(page, "<b>Usable</b>");
  EXPECT_EQ(count_of(page, "<article>"), 2U);
  EXPECT_EQ(count_of(page, "</article>"), 2U);
  EXPECT_EQ(count_of(page, "src=\"data:image/png;base64,iVBORw0KGgo"), 2U);
  EXPECT_EQ(count_of(page, "<svg "), 2U);
  EXPECT_EQ(count_of(page, "NaN") + count_of(page, "nan,") + count_of(page, "inf "), 0U);
  EXPECT_EQ(page, check_page(check(root_), 5));
}

TEST_F(CheckPage, NeedsNothingFromElsewhereAndLetsNoDataOut) {
  const std::string page = check_page(check(root_));
  EXPECT_EQ(count_of(page, "<script"), 0U);
  EXPECT_EQ(count_of(page, "http"), 0U);
  EXPECT_EQ(count_of(page, "<img src=x"), 0U);
  EXPECT_EQ(count_of(page, "&lt;script&gt;"), 2U);  // in the table and in the track's facts
}

TEST_F(CheckPage, TellsOfTracksThatCannotBeRead) {
  write_text(root_ / "two" / "pose.npy", "no array");
  const std::string damaged = check_page(check(root_));
  EXPECT_CONTAINS(damaged, "<b>Not usable</b>");
  EXPECT_CONTAINS(damaged, "cannot be read");
  EXPECT_EQ(count_of(damaged, "<svg "), 1U);
  std::filesystem::remove(root_ / "one" / "audio.flac");
  const std::string missing = check_page(check(root_));
  EXPECT_CONTAINS(missing, "audio.flac is missing");
  EXPECT_EQ(count_of(missing, "not drawn"), 2U);
}

}  // namespace
}  // namespace minet::corpus
