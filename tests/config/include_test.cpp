// Files that include files: precedence, locations in messages, and what is refused.
#include <sys/stat.h>

#include "config/support.hpp"
#include "minet/core/text.hpp"

namespace minet::config {
namespace {

using Include = FolderTest;

TEST_F(Include, LaterSourcesWin) {
  write("a.yaml", "run: {seed: 1, log_every: 11, save_every: 111, evaluate_every: 1111}");
  write("b.yaml", "run: {seed: 2, log_every: 22, save_every: 222}");
  const auto main = write("main.yaml", "include: [a.yaml, b.yaml]\nrun: {seed: 3, log_every: 33}");
  const auto config = load_train_config(main, {"run.seed=4"});
  EXPECT_EQ(config.run.seed, 4u);              // --set
  EXPECT_EQ(config.run.log_every, 33);         // the file
  EXPECT_EQ(config.run.save_every, 222);       // the last include
  EXPECT_EQ(config.run.evaluate_every, 1111);  // the first include
  EXPECT_EQ(config.run.evaluate_clips, 32);    // the default
}

TEST_F(Include, TheFileWinsWhereverItsIncludeStands) {
  write("a.yaml", "run: {seed: 1}");
  EXPECT_EQ(load_train_config(write("main.yaml", "run: {seed: 3}\ninclude: a.yaml")).run.seed, 3u);
}

TEST_F(Include, PathsAreRelativeToTheFileThatNamesThem) {
  write("base/deep.yaml", "vqvae: {codes: 256}");
  write("base/base.yaml", "include: deep.yaml\nbody: {layers: 2}");
  const auto main = write("own/main.yaml", "include: ../base/base.yaml\n");
  const auto config = load_train_config(main);
  EXPECT_EQ(config.vqvae.codes, 256);
  EXPECT_EQ(config.body.layers, 2);
}

TEST_F(Include, ProblemsNameTheFileThatHasThem) {
  write("base.yaml", "vqvae:\n  chanels: 3\n");
  const auto main = write("main.yaml", "include: base.yaml\nrun: {seed: x}");
  EXPECT_EQ(
      error_of_file(main),
      text("2 problems in the configuration:\n  ", main.string(),
           ":2:13: run.seed: expected an integer, got 'x'\n  ", (folder / "base.yaml").string(),
           ":2:3: vqvae.chanels: unknown key (did you mean 'channels'?)"));
}

TEST_F(Include, RulesPointAtTheValueThatBrokeThem) {
  write("base.yaml", "vqvae:\n  bands: [16, 8]\n");
  const auto main = write("main.yaml", "include: base.yaml\nvqvae:\n  channels: 24\n");
  EXPECT_EQ(error_of_file(main),
            text(main.string(),
                 ":3:13: vqvae.channels must be divisible by each of vqvae.bands, and 24 is not by "
                 "16; set it to 32 or change the bands"));
}

TEST_F(Include, CyclesAreRefused) {
  const auto self = write("self.yaml", "include: ./self.yaml\n");
  EXPECT_EQ(error_of_file(self), text(self.string(), ":1:10: include: '", self.string(),
                                      "' includes itself; remove one include"));
  write("a.yaml", "include: b.yaml\n");
  const auto b = write("b.yaml", "include: a.yaml\n");
  EXPECT_NE(error_of_file(folder / "a.yaml").find(b.string() + ":1:10: include: '"),
            std::string::npos);
  std::filesystem::create_symlink("a.yaml", folder / "link.yaml");
  write("a.yaml", "include: link.yaml\n");
  EXPECT_NE(error_of_file(folder / "a.yaml").find("includes itself"), std::string::npos);
}

TEST_F(Include, EightFilesInsideAFileAreReadAndNineAreNot) {
  write("8.yaml", "run: {seed: 8}");
  for (int i = 7; i >= 0; --i) {
    write(text(i, ".yaml"), text("include: ", i + 1, ".yaml"));
  }
  EXPECT_EQ(load_train_config(folder / "0.yaml").run.seed, 8u);
  const auto outer = write("outer.yaml", "include: 0.yaml");
  EXPECT_EQ(error_of_file(outer),
            text((folder / "7.yaml").string(), ":1:10: include: more than 8 nested includes"));
}

TEST_F(Include, ManyFilesThatIncludeManyFilesEnd) {
  for (int i = 0; i < 8; ++i) {
    std::string list = "include: [";
    for (int j = 0; j < 10; ++j) list += text(j > 0 ? ", " : "", i + 1, ".yaml");
    write(text(i, ".yaml"), list + "]");
  }
  write("8.yaml", "run: {seed: 8}");
  EXPECT_NE(error_of_file(folder / "0.yaml").find("include: more than 64 files in all"),
            std::string::npos);
}

TEST_F(Include, OnlyRelativeYamlPathsAreFollowed) {
  const std::pair<const char*, const char*> cases[] = {
      {"include: /etc/passwd",
       ":1:10: include: expected a .yaml path relative to this file, or a list of them, got "
       "'/etc/passwd'"},
      {"include: ../passwd", "got '../passwd'"},
      {"include: /a.yaml", "got '/a.yaml'"},
      {"include: \"a.yaml\\0.yaml\"", "got 'a.yaml\\x00.yaml'"},
      {"include:", "expected a .yaml path relative to this file, or a list of them"},
      {"include: {a: b}", "expected a .yaml path relative to this file, or a list of them"},
      {"include: [a.yaml, [b.yaml]]", ":1:19: include: expected a .yaml path"},
  };
  write("a.yaml", "{}");
  for (const auto& [yaml, expected] : cases) {
    const std::string message = error_of_file(write("main.yaml", yaml));
    EXPECT_NE(message.find(expected), std::string::npos) << yaml << "\n  gave " << message;
  }
}

TEST_F(Include, AMissingFileIsReportedWhereItIsNamedAmongAllOtherProblems) {
  const auto main = write("main.yaml", "include:\n  - none.yaml\nrun: {seed: x}");
  const std::string message = error_of_file(main);
  EXPECT_NE(message.find(main.string() + ":2:5: include: "), std::string::npos) << message;
  EXPECT_NE(message.find("none.yaml"), std::string::npos) << message;
  EXPECT_NE(message.find(main.string() + ":3:13: run.seed: "), std::string::npos) << message;
}

TEST_F(Include, TextThatIsNoFileIncludesNothing) {
  EXPECT_EQ(
      error_of_yaml("include: a.yaml"),
      "t.yaml:1:10: include: not allowed here: only a file that you name yourself may include "
      "others");
}

TEST_F(Include, MissingFilesFoldersAndPipesAreErrors) {
  EXPECT_NE(error_of_file(folder / "none.yaml").find("none.yaml"), std::string::npos);
  EXPECT_NE(error_of_file(folder).find(folder.string()), std::string::npos);
  const auto pipe = folder / "pipe.yaml";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(error_of_file(pipe).find("pipe.yaml"), std::string::npos);
}

}  // namespace
}  // namespace minet::config
