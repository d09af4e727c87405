// Hostile text: always an InputError, quickly, and never a crash.
#include <chrono>

#include "config/document.hpp"
#include "config/support.hpp"
#include "minet/core/random.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += piece;
  return all;
}

TEST(Hostile, NestingIsReadToThirtyTwoLevelsAndNoFurther) {
  // Two levels are the root and the section.
  const auto nested = [](std::size_t levels) {
    return "run: {seed: " + repeated("[", levels - 2) + repeated("]", levels - 2) + "}";
  };
  EXPECT_EQ(error_of_yaml(nested(kMaxYamlDepth)),
            "t.yaml:1:13: run.seed: expected an integer, got a list");
  EXPECT_EQ(error_of_yaml(nested(kMaxYamlDepth + 1)),
            "t.yaml:1:43: more than 32 levels of nesting; this is not a configuration");
}

TEST(Hostile, EndlessNestingOfEveryKindIsRefusedQuickly) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* piece :
       {"[",     "{",    "[[",    "{a: ",    "- ", "? ",  "[{",  "a: [",  "- - ",
        "&a [",  "!t [", "{? ",   "[? ",     ": ", "\"",  "'",   "|\n",   "*a ",
        "%TAG ", "--- ", "...\n", "a: |\n ", ", ", "&a ", "!a ", "? - : "}) {
    for (const std::size_t bytes : {std::size_t{3000}, std::size_t{200000}}) {
      const std::string yaml = repeated(piece, bytes / std::string_view(piece).size());
      EXPECT_NE(error_of_yaml(yaml), "no error") << piece;
    }
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 60);  // a guard against quadratic work; seconds even when busy
}

TEST(Hostile, ManyEventsAreReadToTenThousandAndNoFurther) {
  // The document, the root, run, the list and two keys are six events.
  const auto with_items = [](std::size_t items) {
    return "run: {seed: [" + repeated("1,", items) + "]}";
  };
  EXPECT_EQ(error_of_yaml(with_items(kMaxYamlEvents - 6)),
            "t.yaml:1:13: run.seed: expected an integer, got a list");
  EXPECT_NE(error_of_yaml(with_items(kMaxYamlEvents - 5))
                .find("more than 10000 YAML values; this is not a configuration"),
            std::string::npos);
}

TEST(Hostile, AnchorsAliasesAndTheirBombsAreRefused) {
  EXPECT_EQ(error_of_yaml("run: &a\n  seed: 1\n"),
            "t.yaml:1:6: run: YAML anchors (&name) are not used here; remove it");
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 100; ++i) {
    bomb += text("a", i, ": &a", i, " [*a", i - 1, ", *a", i - 1, "]\n");
  }
  EXPECT_NE(error_of_yaml(bomb).find("YAML anchors"), std::string::npos);
  EXPECT_NE(error_of_yaml("&a [*a]").find("YAML aliases"), std::string::npos);
  EXPECT_NE(error_of_yaml("run: &a {seed: *a}").find("1:16: run.seed: YAML aliases"),
            std::string::npos);
  EXPECT_NE(error_of_yaml("&a a: *a\n*a : &a b\n").find("YAML aliases"), std::string::npos);
  EXPECT_NE(error_of_yaml("run: {<<: *gone}").find("not valid YAML"), std::string::npos);
}

TEST(Hostile, TagsAreRefused) {
  EXPECT_EQ(error_of_yaml("run:\n  seed: !!int 5\n"),
            "t.yaml:2:9: run.seed: YAML tags (!name) are not used here; remove it");
  EXPECT_EQ(error_of_yaml("run: !python/object:os.system {seed: 1}\n"),
            "t.yaml:1:6: run: YAML tags (!name) are not used here; remove it");
  EXPECT_NE(error_of_yaml("run: {seed: !!binary aGk=}").find("YAML tags"), std::string::npos);
}

TEST(Hostile, ASecondDocumentIsRefused) {
  const std::string message =
      ": a second YAML document starts here; a configuration is one document, so remove the '---' "
      "or the rest";
  EXPECT_NE(error_of_yaml("run: {seed: 1}\n---\nrun: {seed: 2}\n").find(message),
            std::string::npos);
  EXPECT_NE(error_of_yaml("run: {seed: 1}\n...\nrun: {seed: 2}\n").find(message),
            std::string::npos);
  EXPECT_EQ(error_of_yaml("---\nrun: {seed: 1}\n...\n"), "no error");
}

TEST(Hostile, KeysThatAreNoTextAreRefused) {
  EXPECT_EQ(error_of_yaml("? [a, b]\n: c\n"),
            "t.yaml:1:3: expected a key, got a list or a mapping; quote it if it is text");
  EXPECT_EQ(error_of_yaml("? {a: b}\n: c\n? [x]\n: d\nrun: {seed: x}\n"),
            "3 problems in the configuration:\n"
            "  t.yaml:1:3: expected a key, got a list or a mapping; quote it if it is text\n"
            "  t.yaml:3:3: expected a key, got a list or a mapping; quote it if it is text\n"
            "  t.yaml:5:13: run.seed: expected an integer, got 'x'");
  EXPECT_NE(error_of_yaml("run: {{x}: 1}").find("run: expected a key"), std::string::npos);
  EXPECT_NE(error_of_yaml("~: 1\n").find("t.yaml:1:1: null: unknown key"), std::string::npos);
}

TEST(Hostile, SyntaxErrorsHaveTheirPlace) {
  EXPECT_EQ(error_of_yaml("run:\n  seed: 1\n   log_every: 2\n"),
            "t.yaml:3:13: not valid YAML: illegal map value");
  EXPECT_EQ(error_of_yaml("run: [1, 2\n").find("t.yaml:2:1: not valid YAML: "), 0u);
  EXPECT_EQ(error_of_yaml("run:\n\tseed: 1\n").find("t.yaml:2:"), 0u);
}

TEST(Hostile, BytesThatAreNoTextAreRefusedWithTheirPlace) {
  EXPECT_EQ(error_of_yaml("run:\n  seed: 1 # \xff\n"),
            "t.yaml:2:13: expected YAML text in UTF-8, got a byte that is not text");
  EXPECT_EQ(error_of_yaml(std::string_view("run:\0", 5)),
            "t.yaml:1:5: expected YAML text in UTF-8, got a byte that is not text");
  EXPECT_EQ(error_of_yaml("\x1b[31mrun: {seed: 1}"),
            "t.yaml:1:1: expected YAML text in UTF-8, got a byte that is not text");
  EXPECT_NE(error_of_yaml("\xff\xfe{\0}\0").find("1:1: expected YAML text"), std::string::npos);
}

TEST(Hostile, MessagesNeverCarryControlBytesOrEndlessText) {
  // Escapes bring control bytes into a text that has none.
  const std::string message =
      error_of_yaml("run: {\"\\e[31mseed\\n\": 1, seed: \"" + repeated("x", 100000) + "\"}");
  EXPECT_NE(message.find("\\x1b[31mseed\\x0a"), std::string::npos) << message;
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_LT(message.size(), 1000u);
}

TEST_F(FolderTest, AFileOfOneMebibyteIsReadAndALargerOneIsNot) {
  const std::string start = "run: {seed: 7}\n#";
  const auto padded = [&](std::size_t bytes) {
    return start + std::string(bytes - start.size(), 'x');
  };
  EXPECT_EQ(load_train_config(write("fits.yaml", padded(kMaxYamlBytes))).run.seed, 7u);
  const std::string error = error_of_file(write("large.yaml", padded(kMaxYamlBytes + 1)));
  EXPECT_NE(error.find("large.yaml"), std::string::npos) << error;
  EXPECT_NE(error_of_file(write("larger.yaml", padded(2 * kMaxYamlBytes))), "no error");
  EXPECT_EQ(error_of_yaml(padded(kMaxYamlBytes + 1)),
            "t.yaml: expected at most 1048576 bytes of YAML, got 1048577");
}

TEST_F(FolderTest, ConfigurationsOfOtherProgramsAreRefused) {
  EXPECT_NE(
      error_of_file(write("json.yaml", R"({"learning_rate": 0.1})"))
          .find("learning_rate: unknown key here; there is 'learning_rate' below "
                "'vqvae_training:', 'learning_rate' below 'prior_training:', 'learning_rate' below "
                "'baseline_training:', 'learning_rate' below 'synthesiser_training:' or "
                "'learning_rate' below 'controls_training:'"),
      std::string::npos);
  EXPECT_NE(error_of_file(write("ini.yaml", "[run]\nseed = 1\n")), "no error");
  EXPECT_NE(error_of_file(write("zip.yaml", std::string_view("PK\x03\x04\x00\x00", 6))),
            "no error");
}

TEST(Hostile, DamagedConfigurationsAreReadOrRefusedAndNothingElse) {
  const std::string good = to_yaml(TrainConfig{});
  const std::string_view pieces[] = {"[",   "]",  "{",     "}", ":",  "\n",   "  ", "- ",
                                     "&a ", "*a", "!t ",   "|", ">",  "'",    "\"", "#",
                                     "? ",  ",",  "---\n", "%", "\t", "\xff", "~",  "<<: "};
  Random random(20240611);
  int refused = 0;
  constexpr int kRounds = 2000;
  for (int round = 0; round < kRounds; ++round) {
    std::string yaml = good.substr(0, random.below(good.size()) + 1);
    const auto edits = 1 + random.below(6);
    for (std::uint64_t edit = 0; edit < edits; ++edit) {
      const auto at = random.below(yaml.size() + 1);
      switch (random.below(3)) {
        case 0:
          yaml.insert(at, pieces[random.below(std::size(pieces))]);
          break;
        case 1:
          yaml.erase(at, random.below(20));
          break;
        default:
          if (at < yaml.size()) yaml[at] = static_cast<char>(random.below(256));
      }
    }
    refused += error_of_yaml(yaml) != "no error";  // anything but an InputError ends the test
  }
  EXPECT_GT(refused, kRounds / 2);
  EXPECT_LT(refused, kRounds);
}

}  // namespace
}  // namespace minet::config
