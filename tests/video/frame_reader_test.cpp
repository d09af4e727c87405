// Every frame of synthetic videos with its own time: the rates, containers and rotations that
// phones and programs write.
#include "minet/video/frame_reader.hpp"

#include <cmath>
#include <fstream>
#include <functional>

#include "minet/core/errors.hpp"
#include "support/input_error.hpp"
#include "video/helpers.hpp"

namespace minet::video {
namespace {

struct FilmCase {
  const char* name;  // of the test
  const char* file;
  const char* times;  // as ffmpeg computes them
  std::function<double(int)> time;
  std::vector<std::string> more = {};
  bool turned = false;
  double tolerance = 1e-3;  // s; Matroska and AVI round to milliseconds
};

class Films : public testing::TestWithParam<FilmCase> {};

constexpr int kPictures = 50;

// Where the white corner is.
struct Look {
  bool upper_left = false, upper_right = false;
};
Look look_at(const Picture& picture) {
  const auto at = [&](int x, int y) {
    return picture
        .rgb[static_cast<std::size_t>(y) * picture.stride + 3 * static_cast<std::size_t>(x)];
  };
  return {at(5, 5) > 200, at(picture.width - 6, 5) > 200};
}

TEST_P(Films, HaveEveryPictureAtItsTime) {
  const FilmCase& film = GetParam();
  const TempFolder folder;
  auto path = folder / film.file;
  make_counting_film(path, kPictures, film.times, film.more);
  if (film.turned) {
    make_film(folder / "turned.mp4",
              {"-i", path.string(), "-c", "copy", "-metadata:s:v:0", "rotate=90"});
    path = folder / "turned.mp4";
  }
  FrameReader reader(path);
  EXPECT_EQ(reader.width(), film.turned ? 64 : 96);
  EXPECT_EQ(reader.height(), film.turned ? 96 : 64);
  Frame frame;
  int read = 0;
  while (reader.next(frame)) {
    const Look look = look_at(frame.picture);
    EXPECT_EQ(number_of(frame.picture), read);
    EXPECT_NEAR(frame.time_s, film.time(read), film.tolerance) << read;
    EXPECT_EQ(frame.index, read);
    EXPECT_TRUE(look.upper_left || film.turned) << read;  // turned, it is a bit of the number
    EXPECT_EQ(look.upper_right, film.turned) << read;
    ++read;
  }
  EXPECT_EQ(read, kPictures);
  EXPECT_FALSE(reader.next(frame));
}

double variable(int n) {
  return n / 30.0 + 0.01 * (n % 4) + (n > 20 ? 0.4 : 0);
}
const char* const kVariable = "N/30+0.01*mod(N,4)+0.4*gt(N,20)";
const std::vector<std::string> kBFrames = {"-c:v", "libx264", "-crf", "10", "-bf", "3"};

INSTANTIATE_TEST_SUITE_P(
    All, Films,
    testing::Values(
        FilmCase{"at_25", "a.mp4", "N/25", [](int n) { return n / 25.0; }, kBFrames},
        FilmCase{"at_29_97", "a.mp4", "N*1001/30000", [](int n) { return n * 1001 / 30000.0; },
                 kBFrames},
        FilmCase{"at_60", "a.mp4", "N/60", [](int n) { return n / 60.0; }, kBFrames},
        FilmCase{"variable", "a.mp4", kVariable, variable, kBFrames},
        FilmCase{"variable_in_matroska", "a.mkv", kVariable, variable, kBFrames, false, 2e-3},
        FilmCase{"turned", "a.mp4", "N/30", [](int n) { return n / 30.0; }, kBFrames, true},
        FilmCase{"variable_and_turned", "a.mp4", kVariable, variable, kBFrames, true},
        FilmCase{"mpeg4_in_avi",
                 "a.avi",
                 "N/25",
                 [](int n) { return n / 25.0; },
                 {"-c:v", "mpeg4", "-q:v", "1", "-enc_time_base", "1/25"},
                 false,
                 2e-3}),
    [](const auto& one) { return std::string(one.param.name); });

// The sound begins at 0 and the first frame half a second later.
TEST(FrameReader, KeepsTheLateStartOfThePictures) {
  const TempFolder folder;
  make_counting_film(folder / "silent.mp4", 50, "N/25", kBFrames);
  make_film(folder / "late.mp4",
            {"-itsoffset", "0.5", "-i", (folder / "silent.mp4").string(), "-f", "lavfi", "-i",
             "sine=duration=2.5", "-c:v", "copy", "-c:a", "aac"});
  FrameReader reader(folder / "late.mp4");
  Frame frame;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(reader.next(frame)) << i;
    EXPECT_NEAR(frame.time_s, 0.5 + i / 25.0, 0.03);
  }
}

TEST(FrameReader, RefusesWhatIsNoFilm) {
  const TempFolder folder;
  std::ofstream(folder / "text.mp4") << "not a film";
  EXPECT_NE(input_error([&] { FrameReader(folder / "text.mp4"); }).find("expected a video"),
            std::string::npos);
  EXPECT_NE(input_error([&] { FrameReader(folder / "none.mp4"); }).find("no such file"),
            std::string::npos);
  EXPECT_NE(input_error([&] { FrameReader(folder.path()); }).find("expected a video"),
            std::string::npos);
  // A playlist, which would read another file.
  make_counting_film(folder / "a.mp4", 10, "N/25");
  std::ofstream(folder / "list.mp4") << "ffconcat version 1.0\nfile a.mp4\n";
  EXPECT_NE(input_error([&] { FrameReader(folder / "list.mp4"); }).find("expected a video"),
            std::string::npos);
  make_film(folder / "sound.mp4", {"-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac"});
  EXPECT_NE(input_error([&] { FrameReader(folder / "sound.mp4"); }).find("expected a video"),
            std::string::npos);
}

// A truncated copy, and one with a hole: what is there is read, each frame at its own time.
TEST(FrameReader, ReadsWhatIsThereOfADamagedFilm) {
  const TempFolder folder;
  make_counting_film(folder / "a.mkv", 50, "N/25", kBFrames);
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(folder / "a.mkv"));
  std::filesystem::copy_file(folder / "a.mkv", folder / "hole.mkv");
  std::filesystem::resize_file(folder / "a.mkv", static_cast<std::uintmax_t>(size * 6 / 10));
  {
    std::fstream file(folder / "hole.mkv", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(size / 2);
    file.write(std::string(60, '\0').data(), 60);
  }
  for (const char* name : {"a.mkv", "hole.mkv"}) {
    try {
      FrameReader reader(folder / name);
      Frame frame;
      int read = 0;
      while (reader.next(frame)) {
        EXPECT_NEAR(std::remainder(frame.time_s, 0.04), 0, 2e-3) << name << read;
        ++read;
      }
      EXPECT_GT(read, 1) << name;
      EXPECT_LE(read, 50) << name;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace minet::video
