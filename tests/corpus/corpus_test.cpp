// Opening a corpus that is damaged, foreign or of another version.
#include "minet/corpus/corpus.hpp"

#include <gtest/gtest.h>

#include "corpus/helpers.hpp"
#include "minet/core/random.hpp"
#include "minet/corpus/check.hpp"
#include "minet/corpus/instruments.hpp"
#include "minet/corpus/prepare.hpp"

namespace minet::corpus {
namespace {

class OpenCorpus : public testing::Test {
 protected:
  void SetUp() override {
    write_recording(folder_.path(), "one", 5, 440);
    write_recording(folder_.path(), "two", 6, 330);
    write_text(folder_.path() / "t.csv",
               "audio,pose,instrument\none.wav,one.npy,vn\ntwo.wav,two.npy,fl\n");
    prepare_folder({.table = folder_.path() / "t.csv", .out = root_, .threads = 1});
  }
  std::string error() {
    return input_error([&] { Corpus::open(root_); });
  }
  void replace(const std::string& file, const std::string& from, const std::string& to) {
    std::string content = read_text(root_ / file);
    const std::size_t at = content.find(from);
    ASSERT_NE(at, std::string::npos) << content;
    write_text(root_ / file, content.replace(at, from.size(), to));
  }
  TempFolder folder_;
  std::filesystem::path root_ = folder_.path() / "corpus";
};

TEST_F(OpenCorpus, WhatIsNoCorpusIsToldSo) {
  const auto error_at = [](const std::filesystem::path& path) {
    return input_error([&] { Corpus::open(path); });
  };
  EXPECT_CONTAINS(error_at(folder_.path() / "nowhere"), "there is nothing");
  EXPECT_CONTAINS(error_at(folder_.path() / "one.wav"), "that is a file");
  EXPECT_CONTAINS(error_at(folder_.path()), "not a prepared corpus");
}

TEST_F(OpenCorpus, AnotherFormatVersionIsNamed) {
  replace("corpus.yaml", "format_version: 1", "format_version: 2");
  EXPECT_CONTAINS(error(), "format version 2");
  EXPECT_CONTAINS(error(), "reads version 1; prepare it again");
  EXPECT_CONTAINS(input_error([&] { check(root_); }), "format version 2");
}

TEST_F(OpenCorpus, TheVersionIsReadBeforeAnythingElse) {
  write_text(root_ / "corpus.yaml", "format_version: 9\n");
  EXPECT_CONTAINS(error(), "format version 9");
}

TEST_F(OpenCorpus, AMissingFileIsNamed) {
  std::filesystem::remove(root_ / "two" / "pose.npy");
  EXPECT_CONTAINS(error(), "two/pose.npy");
  std::filesystem::remove(root_ / "tracks.csv");
  EXPECT_CONTAINS(error(), "tracks.csv");
}

TEST_F(OpenCorpus, DamagedYamlIsToldSo) {
  const std::string whole = read_text(root_ / "corpus.yaml");
  for (const char* bad :
       {"", "[1, 2", "- 1\n- 2\n", "just words", "format_version: [1]\n",
        "format_version: 1\nformat_version: 1\n", "format_version: 1\n", "a: &x [*x]\n"}) {
    write_text(root_ / "corpus.yaml", bad);
    EXPECT_CONTAINS(error(), "corpus.yaml") << bad;
  }
  write_text(root_ / "corpus.yaml", std::string(60000, '['));
  EXPECT_FALSE(error().empty());
  write_text(root_ / "corpus.yaml", whole + std::string(70000, '#'));
  EXPECT_CONTAINS(error(), "bytes");
}

TEST_F(OpenCorpus, AnotherRateIsRefused) {
  replace("corpus.yaml", "sample_rate: 16000", "sample_rate: 22050");
  EXPECT_CONTAINS(error(), "sample_rate should be 16000, not '22050'");
}

TEST_F(OpenCorpus, ADamagedTableIsToldWithItsLine) {
  const std::string whole = read_text(root_ / "tracks.csv");
  const auto damaged = [&](const std::string& from, const std::string& to) {
    write_text(root_ / "tracks.csv", whole);
    replace("tracks.csv", from, to);
    return error();
  };
  EXPECT_CONTAINS(damaged("one,", "../one,"), "line 2: id");
  EXPECT_CONTAINS(damaged("two,", "one,"), "line 3: id should be different");
  EXPECT_CONTAINS(damaged("train", "trian"), "split should be train or test");
  EXPECT_CONTAINS(damaged("gap_share", "gaps"), "gap_share");
  write_text(root_ / "tracks.csv",
             "id,split,instrument,group,seconds,frames,gap_share,gain_db,notes\n"
             "one,train,,g,nan,125,0,0,0\n");
  EXPECT_CONTAINS(error(), "seconds");
}

TEST_F(OpenCorpus, FurtherColumnsAreFine) {
  std::string content = "note," + read_text(root_ / "tracks.csv");
  for (std::size_t at = content.find('\n'); at + 1 < content.size();
       at = content.find('\n', at + 1)) {
    content.insert(at + 1, "x,");
  }
  write_text(root_ / "tracks.csv", content);
  EXPECT_EQ(Corpus::open(root_).tracks().size(), 2U);
}

TEST_F(OpenCorpus, AnyDamageToTheIndexIsAnInputErrorAtWorst) {
  Random random(1);
  int refused = 0;
  constexpr int kRounds = 600;
  for (const char* file : {"corpus.yaml", "tracks.csv"}) {
    const std::string whole = read_text(root_ / file);
    for (int round = 0; round < kRounds; ++round) {
      std::string content = whole;
      for (std::uint64_t edit = random.below(3) + 1; edit > 0; --edit) {
        const auto at = static_cast<std::size_t>(random.below(content.size()));
        switch (random.below(4)) {
          case 0:
            content[at] = static_cast<char>(random.below(256));
            break;
          case 1:
            content.insert(at, 1, "\n,:[{&*!|\"'%9-\0"[random.below(15)]);
            break;
          case 2:
            content.erase(at, random.below(20));
            break;
          default:
            content.insert(at, content.substr(at / 2, random.below(40)));
        }
        if (content.empty()) content.assign(1, 'x');
      }
      write_text(root_ / file, content);
      try {
        Corpus::open(root_);
      } catch (const InputError&) {
        ++refused;
      }
    }
    write_text(root_ / file, whole);
  }
  EXPECT_GT(refused, kRounds / 2);  // most of the damage reaches the reader
}

TEST_F(OpenCorpus, LabelsDoNotReachTheTracks) {
  const auto facts = [&] {
    std::string all;
    for (const Track& track : Corpus::open(root_).tracks()) {
      all += track.id + track.split + track.group + std::to_string(track.pose_frames) + "\n";
    }
    return all;
  };
  const std::string before = facts();
  const auto labels = read_instruments(Corpus::open(root_));
  replace("tracks.csv", ",vn,", ",tuba,");
  EXPECT_EQ(facts(), before);
  EXPECT_NE(read_instruments(Corpus::open(root_)), labels);
}

}  // namespace
}  // namespace minet::corpus
