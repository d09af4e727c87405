// CSV tables.
#include "minet/core/csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "minet/core/errors.hpp"
#include "minet/core/random.hpp"
#include "support/input_error.hpp"
#include "support/temp_folder.hpp"

using namespace minet;

TEST(Csv, ReadsQuotesLineEndsAndABom) {
  const auto table =
      parse_csv("\xEF\xBB\xBF id , title\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n\r\n2,\"\"\n3,x\"y", "t");
  EXPECT_EQ(table.header, (std::vector<std::string>{"id", "title"}));
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(table.rows[0].cells, (std::vector<std::string>{"1", "a, \"b\"\r\nc"}));
  EXPECT_EQ(table.rows[0].line, 2u);
  EXPECT_EQ(table.rows[1].cells, (std::vector<std::string>{"2", ""}));
  EXPECT_EQ(table.rows[1].line, 5u);
  EXPECT_EQ(table.rows[2].cells[1], "x\"y");
  EXPECT_EQ(table.column("title"), 1u);
  EXPECT_FALSE(table.has_column("Title"));
}

TEST(Csv, AnyCellsComeBack) {
  Random random(4);
  constexpr std::string_view kLetters = "ab,\"\n\r é";
  for (int round = 0; round < 500; ++round) {
    const std::size_t columns = 1 + random.below(4);
    std::vector<std::string> header;
    for (std::size_t i = 0; i < columns; ++i) header.push_back(std::to_string(i));
    std::string text = csv_line(header);
    std::vector<std::vector<std::string>> rows(random.below(5));
    for (auto& row : rows) {
      for (std::size_t i = 0; i < columns; ++i) {
        std::string cell;
        for (std::uint64_t k = random.below(6); k > 0; --k) {
          cell += kLetters[random.below(kLetters.size())];
        }
        row.push_back(cell);
      }
      text += csv_line(row);
    }
    const auto table = parse_csv(text, "t");
    ASSERT_EQ(table.rows.size(), rows.size()) << text;
    for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(table.rows[i].cells, rows[i]) << text;
  }
}

TEST(Csv, ErrorsNameTheLineAndTheColumns) {
  const auto message = [](const std::string& text) -> std::string {
    try {
      parse_csv(text, "t.csv").column("audio");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("audio,pose\na,b\nc\n").find("t.csv:3: expected 2 cells"), std::string::npos);
  EXPECT_NE(message("audio\n\"a\nb").find("t.csv:2: a quote"), std::string::npos);
  EXPECT_NE(message("audio\n\"a\"b\n").find("t.csv:2:"), std::string::npos);
  EXPECT_NE(message("audio,audio\n").find("twice"), std::string::npos);
  EXPECT_NE(message("audi0,pose\n").find("did you mean \"audi0\"?"), std::string::npos);
  EXPECT_NE(message("").find("empty"), std::string::npos);
  EXPECT_NE(message("\n\r\n").find("empty"), std::string::npos);
  EXPECT_NE(message(std::string("a\0b", 3)).find("a binary file"), std::string::npos);
  EXPECT_NE(message(std::string(5000, ',')).find("columns"), std::string::npos);
  EXPECT_NE(message("audio\na,b\n").find("got 2"), std::string::npos);
  EXPECT_EQ(message("audio\n"), "");
}

TEST(Csv, RefusesAMillionRowsAndMore) {
  std::string text = "a\n";
  for (int i = 0; i <= 1'000'000; ++i) text += "1\n";
  const std::string message = input_error([&] { parse_csv(text, "t"); });
  EXPECT_NE(message.find("more than 1000000 rows"), std::string::npos) << message;
}

TEST(Csv, ReadsAFile) {
  minet::TempFolder folder;
  minet::spill(folder / "a.csv", "x,y\n1,2\n");
  EXPECT_EQ(read_csv(folder / "a.csv").rows[0].cells[1], "2");
  EXPECT_THROW(read_csv(folder / "b.csv"), InputError);
}

TEST(Csv, SemicolonsAndTabsAsSpreadsheetsWriteThem) {
  for (const char separator : {';', '\t'}) {
    std::string content = "\xEF\xBB\xBFname;fps\r\n\"a;b\";29,97\r\n";
    std::replace(content.begin(), content.end(), ';', separator);
    const CsvTable table = parse_csv(content, "t.csv");
    EXPECT_EQ(table.separator, separator);
    ASSERT_EQ(table.rows.size(), 1U);
    EXPECT_EQ(table.rows[0].cells[0], std::string("a") + separator + "b");
    EXPECT_EQ(parse_cell(table.rows[0].cells[1], table.separator), 29.97);
  }
  EXPECT_EQ(parse_csv("a,b;c\n1,2;3\n", "t.csv").header, (std::vector<std::string>{"a", "b;c"}));
  EXPECT_EQ(parse_cell("29,97", ','), std::nullopt);
}
