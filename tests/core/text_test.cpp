// Text, numbers and names.
#include "minet/core/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "minet/core/random.hpp"
#include "minet/core/table.hpp"

using namespace minet;

TEST(Numbers, FiguresHaveThreeDigits) {
  EXPECT_EQ(figure(0.25249), "0.252");
  EXPECT_EQ(figure(4.6949), "4.69");
  EXPECT_EQ(figure(-17.04), "-17.0");
  EXPECT_EQ(figure(323.4), "323");
  EXPECT_EQ(figure(9.999), "10.0");
  EXPECT_EQ(figure(9.994), "9.99");
  EXPECT_EQ(figure(-0.012345), "-0.0123");
  EXPECT_EQ(figure(0), "0.00");
  EXPECT_EQ(figure(1234.5), "1234");
}

TEST(Numbers, RandomDoublesReadBackExactly) {
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random.next();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const auto back = parse_double(to_text(value));
    ASSERT_TRUE(back) << to_text(value);
    ASSERT_EQ(std::memcmp(&*back, &value, sizeof value), 0) << to_text(value);
  }
  EXPECT_EQ(to_text(0.0003), "0.0003");
  EXPECT_EQ(to_text(100000), "100000");
  EXPECT_EQ(to_text(1e-7), "1e-07");
  EXPECT_EQ(to_text(1e300), "1e+300");
  EXPECT_EQ(to_text(0), "0");
}

TEST(Numbers, OnlyWholeFiniteTextsAreNumbers) {
  EXPECT_EQ(parse_double("+1.5e3"), 1500.0);
  EXPECT_EQ(parse_double("-0.25"), -0.25);
  for (const char* bad :
       {"", " 1", "1 ", "1,5", "1e999", "nan", "inf", "0x10", "+-1", "+", "1.5.2"})
    EXPECT_FALSE(parse_double(bad)) << bad;
  EXPECT_EQ(parse_integer("+12"), 12);
  EXPECT_EQ(parse_integer("010"), 10);
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<long long>::min());
  for (const char* bad : {"", "1.0", "9223372036854775808", "1e3", "--1", " 1", "1\n"})
    EXPECT_FALSE(parse_integer(bad)) << bad;
}

TEST(Texts, SplitAndJoinAreInverse) {
  for (const char* line : {"", "a", "a,b", ",", "a,,b,", ",,,"})
    EXPECT_EQ(join(split(line, ','), ","), line);
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(lower("ÄBC-d"), "Äbc-d");
  EXPECT_EQ(text("got ", 3, ' ', 'x', 1.5), "got 3 x1.5");
}

TEST(NearestName, FindsTypingErrorsAndNothingElse) {
  const std::vector<std::string> names = {"learning_rate", "batch", "beta1", "beta2", "steps"};
  EXPECT_EQ(nearest_name("learnig_rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("bacth", names), "batch");
  EXPECT_EQ(nearest_name("STEPS", names), "steps");
  EXPECT_EQ(nearest_name("beta", names), "beta1");
  EXPECT_FALSE(nearest_name("momentum", names));
  EXPECT_FALSE(nearest_name("x", names));
  EXPECT_FALSE(nearest_name("", names));
  EXPECT_FALSE(nearest_name(std::string(1 << 20, 'a'), names));
  EXPECT_FALSE(nearest_name("batch", {}));
}

TEST(Printable, LeavesTextAndEscapesWhatMovesATerminal) {
  EXPECT_EQ(printable("Dvořák – 四季 🎻.wav"), "Dvořák – 四季 🎻.wav");
  EXPECT_EQ(printable("a\x1b[2Jb\n\t"), "a\\x1b[2Jb\\x0a\\x09");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");           // not UTF-8; a cut sequence
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong '/'
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b"
            "31m");  // the one-byte CSI
  EXPECT_EQ(printable("a\u202egpj.exe"), "a\\xe2\\x80\\xaegpj.exe");
}

TEST(Printable, NeverLetsAControlByteThrough) {
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random.below(40), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    for (const char c : printable(bytes)) {
      ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    }
  }
}

TEST(HumanDuration, IsShort) {
  EXPECT_EQ(human_duration(1.52), "1.5 s");
  EXPECT_EQ(human_duration(0), "0 s");
  EXPECT_EQ(human_duration(59.97), "1 min 0 s");
  EXPECT_EQ(human_duration(200), "3 min 20 s");
  EXPECT_EQ(human_duration(7500), "2 h 5 min");
  EXPECT_EQ(human_duration(-2), "-2 s");
  EXPECT_EQ(human_duration(std::numeric_limits<double>::infinity()), "unknown time");
}
