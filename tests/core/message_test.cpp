// Messages that stay short and printable, and minet's own errors for files and folders.
#include "minet/core/message.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "minet/core/access.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/files.hpp"
#include "minet/core/text.hpp"
#include "support/input_error.hpp"
#include "support/temp_folder.hpp"

using namespace minet;

namespace {

TEST(Message, KeepsLinesAndNothingThatSteersATerminal) {
  EXPECT_EQ(printable_lines("a\n\x1b[31mb\tc\n"), "a\n\\x1b[31mb\\x09c\n");
}

TEST(Message, AnExcerptIsShortAndCutsNoCharacter) {
  EXPECT_EQ(excerpt("a\tb"), "a\\x09b");
  EXPECT_EQ(excerpt(std::string(80, 'x')), std::string(80, 'x'));
  EXPECT_EQ(excerpt(std::string(81, 'x')), std::string(80, 'x') + "...");
  EXPECT_EQ(excerpt(std::string(79, 'x') + "\u00e4y"), std::string(79, 'x') + "...");
}

TEST(Message, LeavesOutTheMiddleOfWhatIsLong) {
  const std::string exact(kLongestLine, 'x');
  EXPECT_EQ(shortened_lines(exact), exact);
  const std::string line = shortened_lines("begin" + std::string(200'000, 'x') + "end");
  EXPECT_LT(line.size(), kLongestLine + 50);
  EXPECT_TRUE(line.starts_with("beginx") && line.ends_with("xend"));
  EXPECT_NE(line.find(" [198008 bytes left out] "), std::string::npos) << line.substr(990, 60);
  std::string umlauts;
  for (int i = 0; i < 5000; ++i) umlauts += "ä";
  const std::string whole = shortened_lines("." + umlauts);
  EXPECT_EQ(printable(whole), whole);  // no UTF-8 character is cut in half

  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += text("line ", i, "\n");
  const std::string few = shortened_lines(lines);
  EXPECT_NE(few.find("line 49\n[901 lines left out]\nline 951\n"), std::string::npos) << few;
}

TEST(Access, SaysWhyInASentence) {
  const TempFolder folder;
  const auto file = folder.path() / "file";
  spill(file, "x");
  EXPECT_NE(input_error([&] { expect_readable(folder.path() / "none"); }).find("no such file"),
            std::string::npos);
  EXPECT_NE(input_error([&] { expect_readable(file / "under"); }).find("Not a directory"),
            std::string::npos);
  expect_readable(file);
  EXPECT_NE(input_error([&] { entries_of(folder.path() / "none"); }).find("cannot list"),
            std::string::npos);
  make_folders(folder.path() / "a/b");
  make_folders(folder.path() / "a/b");
  EXPECT_EQ(entries_of(folder.path()), (std::vector{folder.path() / "a", file}));
  EXPECT_THROW(make_folders(file / "under"), WorkError);
}

TEST(Access, TryingToWriteLeavesNothing) {
  const TempFolder folder;
  expect_writable(folder.path() / "new");
  EXPECT_EQ(folder.names().size(), 0U);
  EXPECT_THROW(expect_writable(folder.path()), InputError);
  EXPECT_THROW(expect_writable(folder.path() / "none/new"), InputError);
  EXPECT_THROW(expect_writable("/proc/self/new"), WorkError);
}

TEST(Access, NamesMayBeAsLongAsTheSystemAllows) {
  const TempFolder folder;
  for (const std::size_t length : {200, 244, 255}) {
    std::string name(length, 'a');
    save_file(folder.path() / name, "x");
    EXPECT_EQ(slurp(folder.path() / name), "x");
    name[0] = 'f';
    FolderWriter writer(folder.path() / name);
    writer.commit();
    name[0] = 'g';
    save_file_by(folder.path() / name, [](const auto& path) { spill(path, "y"); });
    EXPECT_EQ(slurp(folder.path() / name), "y");
  }
  EXPECT_EQ(folder.names().size(), 9U);
  EXPECT_NE(input_error([&] {
              save_file(folder.path() / std::string(256, 'a'), "x");
            }).find("at most 255 bytes"),
            std::string::npos);
}

}  // namespace
