// The user's table: what is understood, and the message for each mistake.
#include "corpus/table.hpp"

#include <gtest/gtest.h>

#include "corpus/helpers.hpp"
#include "minet/core/text.hpp"

namespace minet::corpus {
namespace {

class Table : public testing::Test {
 protected:
  RecordingTable read(const std::string& content) {
    write_text(folder_.path() / "tracks.csv", content);
    return read_table(folder_.path() / "tracks.csv");
  }
  // The one problem of a table with one bad row.
  std::string problem(const std::string& content) {
    const RecordingTable table = read(content);
    EXPECT_EQ(table.problems.size(), 1U);
    return table.problems.empty() ? std::string() : table.problems[0].message;
  }
  TempFolder folder_;
};

TEST_F(Table, ResolvesPathsAndReadsEveryColumn) {
  const auto table = read(
      "audio,pose,notes,instrument,group,split,fps,id,person,pose_format\n"
      "a/x.wav,b,c.mid,vn,g,test,29.97,one,2,openpose\n"
      "/abs/y.ogg,p.npy,,,,,,,,\n");
  ASSERT_EQ(table.tracks.size(), 2U);
  EXPECT_TRUE(table.problems.empty());
  const TrackSource& one = table.tracks[0];
  EXPECT_EQ(one.audio, folder_.path() / "a/x.wav");
  EXPECT_EQ(one.pose, folder_.path() / "b");
  EXPECT_EQ(one.notes, folder_.path() / "c.mid");
  EXPECT_EQ(one.instrument, "vn");
  EXPECT_EQ(one.group, "g");
  EXPECT_EQ(one.split, "test");
  EXPECT_EQ(one.id, "one");
  EXPECT_EQ(one.line, 2U);
  EXPECT_EQ(one.pose_options.fps, 29.97);
  EXPECT_EQ(one.pose_options.person, 2);
  EXPECT_EQ(one.pose_options.format, pose::PoseFormat::openpose);
  const TrackSource& two = table.tracks[1];
  EXPECT_EQ(two.audio, "/abs/y.ogg");
  EXPECT_TRUE(two.notes.empty());
  EXPECT_EQ(two.id, "y");
  EXPECT_EQ(two.group, "y");
  EXPECT_FALSE(two.pose_options.person);
}

TEST_F(Table, MakesSafeAndDifferentIdsFromNames) {
  const auto table = read(
      "audio,pose,id\n"
      "Suite Nr. 1 \xC3\xA9.wav,p,\n"
      "take.wav,p,\n"
      "other/take.wav,p,\n"
      "x.wav,p,take-2\n"
      "corpus.yaml.wav,p,\n"
      "..wav,p,\n");
  ASSERT_EQ(table.tracks.size(), 6U);
  EXPECT_EQ(table.tracks[0].id, "Suite_Nr._1___");
  EXPECT_EQ(table.tracks[1].id, "take");
  EXPECT_EQ(table.tracks[2].id, "take-3");  // take-2 was given by the user
  EXPECT_EQ(table.tracks[4].id, "corpus.yaml-2");
  EXPECT_EQ(table.tracks[5].id, "track");
}

TEST_F(Table, RowsWithTheSameSoundFormAGroup) {
  const auto table =
      read("audio,pose,group\nx.wav,a,\n./x.wav,b,\ny.wav,a,\nz.wav,a,one\nz.wav,b,\n");
  ASSERT_EQ(table.tracks.size(), 5U);
  EXPECT_EQ(table.tracks[0].group, table.tracks[1].group);
  EXPECT_NE(table.tracks[0].group, table.tracks[2].group);
  EXPECT_EQ(table.tracks[4].group, "one");
}

TEST_F(Table, TellsWhatIsWrongWithTheWholeTable) {
  const auto error = [&](const std::string& content) {
    return input_error([&] { read(content); });
  };
  EXPECT_CONTAINS(error("audio,posse\nx,y\n"), "'posse', which is not known (pose?)");
  EXPECT_CONTAINS(error("audio,notes\nx,y\n"), "has no pose");
  EXPECT_CONTAINS(error("audio,pose,audio\nx,y,z\n"), "twice");
  EXPECT_CONTAINS(error("audio,pose\n"), "no rows");
  EXPECT_FALSE(error("").empty());
  EXPECT_CONTAINS(error("audio,pose\nx\n"), "csv:2");
}

TEST_F(Table, TellsWhatIsWrongInARow) {
  EXPECT_CONTAINS(problem("audio,pose\n,y\n"), "column audio should name a file");
  EXPECT_CONTAINS(problem("audio,pose,split\nx,y,valid\n"), "train, test or empty, not 'valid'");
  EXPECT_CONTAINS(problem("audio,pose,fps\nx,y,0\n"), "fps");
  EXPECT_CONTAINS(problem("audio,pose,fps\nx,y,nan\n"), "fps");
  EXPECT_CONTAINS(problem("audio,pose,fps\nx,y,25fps\n"), "25fps");
  EXPECT_CONTAINS(problem("audio,pose,person\nx,y,-1\n"), "person");
  EXPECT_CONTAINS(problem("audio,pose,pose_format\nx,y,opnpose\n"), "openpose");
  // Columns that describe a keypoint file, for a video.
  for (const auto& [column, value] : {std::pair{"fps", "15"},
                                      {"picture", "99x99"},
                                      {"first_frame", "60"},
                                      {"pose_format", "alphapose"}}) {
    for (const char* paths : {"v.mp4,", "x.wav,v.mp4"}) {
      const std::string found = problem(text("audio,pose,", column, "\n", paths, ",", value, "\n"));
      EXPECT_CONTAINS(found,
                      text(column, " should be empty if the keypoints are found in a video"));
      EXPECT_CONTAINS(found, "v.mp4");
    }
    EXPECT_TRUE(read(text("audio,pose,", column, "\nv.mp4,k.json,", value, "\n")).problems.empty());
    EXPECT_TRUE(read(text("audio,pose,", column, "\nv.mp4,,\n")).problems.empty());
  }
  EXPECT_CONTAINS(problem("audio,pose,id\nx,y,../up\n"), "../up");
  EXPECT_CONTAINS(problem("audio,pose,id\nx,y,tracks.csv\n"), "tracks.csv");
  EXPECT_CONTAINS(problem("audio,pose,id\nx,y,a\nx,y,a\n"), "taken by line 2");
}

TEST_F(Table, AGroupOnBothSidesIsAProblemOfTheLaterLine) {
  const auto table = read("audio,pose,group,split\nx,y,g,train\nz,y,g,\nu,y,g,test\nv,y,h,test\n");
  ASSERT_EQ(table.problems.size(), 1U);
  EXPECT_EQ(table.problems[0].line, 4U);
  EXPECT_CONTAINS(table.problems[0].message, "group g is test here but train in line 2");
  EXPECT_EQ(table.tracks.size(), 3U);
}

}  // namespace
}  // namespace minet::corpus
