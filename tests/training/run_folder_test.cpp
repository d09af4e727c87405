#include "minet/training/run_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <set>

#include "minet/core/errors.hpp"
#include "support/input_error.hpp"
#include "support/temp_folder.hpp"

namespace minet::training {
namespace {
namespace fs = std::filesystem;

class RunFolderTest : public testing::Test {
 protected:
  TempFolder temporary_;
  fs::path folder_ = temporary_.path();
};

TEST_F(RunFolderTest, MetricsPastTheRestoredStepGo) {
  const fs::path path = folder_ / "metrics.jsonl";
  std::ofstream(path) << R"({"stage":"vqvae","step":10})" << '\n'
                      << R"({"stage":"vqvae","step":20})" << '\n'
                      << R"({"stage":"prior","step":5})" << '\n'
                      << R"({"stage":"prior","step":15})" << '\n'
                      << R"({"stage":"prior","st)";  // torn by a kill
  truncate_metrics(path, Stage::prior, 10);
  EXPECT_EQ(read_file(path, 1000),
            "{\"stage\":\"vqvae\",\"step\":10}\n{\"stage\":\"vqvae\",\"step\":20}\n{\"stage\":"
            "\"prior\",\"step\":5}\n");
  truncate_metrics(path, Stage::vqvae, 10);
  EXPECT_EQ(read_file(path, 1000), "{\"stage\":\"vqvae\",\"step\":10}\n");
}

TEST_F(RunFolderTest, MetricsOfTheStageAfterTheRestoredOneGo) {
  const fs::path path = folder_ / "metrics.jsonl";
  std::ofstream(path) << R"({"stage":"synthesiser","step":10})" << '\n'
                      << R"({"stage":"controls","step":5})" << '\n';
  truncate_metrics(path, Stage::synthesiser, 10);
  EXPECT_EQ(read_file(path, 1000), "{\"stage\":\"synthesiser\",\"step\":10}\n");
}

TEST_F(RunFolderTest, TwoProcessesCannotShareARun) {
  const RunFolder first(folder_ / "run", false);
  const std::string message = input_error([&] { RunFolder(folder_ / "run", true); });
  EXPECT_NE(message.find("another process"), std::string::npos) << message;
}

TEST_F(RunFolderTest, LinksInARunAreRefused) {
  { const RunFolder run(folder_ / "run", false); }
  spill(folder_ / "run/run.json", "{}");
  spill(folder_ / "elsewhere.txt", "kept");
  fs::create_directory(folder_ / "elsewhere");
  for (const char* name : {"log.txt", "metrics.jsonl", "config.yaml", "tensorboard", "codes"}) {
    const fs::path path = folder_ / "run" / name;
    fs::create_symlink(folder_ / (path.has_extension() ? "elsewhere.txt" : "elsewhere"), path);
    EXPECT_THROW(RunFolder::check(folder_ / "run", true), InputError) << name;
    EXPECT_THROW(RunFolder(folder_ / "run", true), InputError) << name;
    fs::remove(path);
  }
  ASSERT_EQ(mkfifo((folder_ / "run/log.txt").c_str(), 0600), 0);
  EXPECT_THROW(RunFolder(folder_ / "run", true), InputError);
  fs::remove(folder_ / "run/log.txt");
  EXPECT_NO_THROW(RunFolder(folder_ / "run", true));
  EXPECT_EQ(slurp(folder_ / "elsewhere.txt"), "kept");
}

TEST_F(RunFolderTest, WhatARunWasStartedWithIsReadOrRefused) {
  spill(folder_ / "config.yaml", "");
  spill(folder_ / "run.json", R"({"corpus": "c", "device": "cpu", "threads": 3})");
  EXPECT_EQ(read_run_settings(folder_).threads, 3);
  for (const char* content :
       {"", "[]", "{}", R"({"corpus": 1})", R"({"corpus": "c", "threads": "many"})",
        R"({"corpus": "c", "device": []})", R"({"corpus": "c", "freeze": {}})",
        R"({"corpus": "c", "init_from": 5})", R"({"corpus": "c", "freeze": "x"})"}) {
    spill(folder_ / "run.json", content);
    EXPECT_THROW(read_run_settings(folder_), InputError) << content;
  }
}

TEST_F(RunFolderTest, StagesHaveTheirNames) {
  for (const Stage stage : {Stage::all, Stage::vqvae, Stage::prior}) {
    EXPECT_EQ(parse_stage(to_string(stage)), stage);
  }
  for (const std::string bad : {"", "VQVAE", "both", "prior ", "\x1b[31m"}) {
    try {
      parse_stage(bad);
      ADD_FAILURE() << bad << " was taken";
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find("stage: expected"), std::string::npos);
      EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos);
    }
  }
}

TEST_F(RunFolderTest, LinesThatAreNoMetricsAreDropped) {
  const fs::path path = folder_ / "metrics.jsonl";
  std::ofstream(path) << "[1,2]\nnull\n{\"stage\":\"vqvae\"}\n{\"step\":1}\nnot json\n\n"
                      << R"({"stage":"vqvae","step":3,"loss":null})" << '\n';
  truncate_metrics(path, Stage::vqvae, 3);
  EXPECT_EQ(read_file(path, 1000), "{\"stage\":\"vqvae\",\"step\":3,\"loss\":null}\n");
  truncate_metrics(folder_ / "none.jsonl", Stage::prior, 3);
  EXPECT_FALSE(fs::exists(folder_ / "none.jsonl"));
}

TEST_F(RunFolderTest, MetricsAreAppendedToWhatIsThere) {
  const fs::path path = folder_ / "metrics.jsonl";
  MetricsLog(path).append("{\"a\":1}");
  MetricsLog(path).append("{\"b\":2}");
  EXPECT_EQ(read_file(path, 1000), "{\"a\":1}\n{\"b\":2}\n");
  MetricsLog nowhere(folder_ / "no" / "metrics.jsonl");  // a full disk must not stop a run either
  EXPECT_NO_THROW(nowhere.append("{}"));
}

}  // namespace
}  // namespace minet::training
