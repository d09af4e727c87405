// Reading and writing sound files: every encoding, and every kind of bad file.
#include "minet/audio/sound.hpp"

#include <sndfile.h>
#include <sys/stat.h>

#include <bit>
#include <functional>
#include <map>

#include "audio/helpers.hpp"
#include "minet/core/errors.hpp"
#include "minet/core/process.hpp"
#include "minet/core/text.hpp"

namespace minet::audio {
namespace {

using namespace testing;

struct Written {
  const char* name;
  int format;
  int channels;
  int rate;
  double tolerance;
};

// Channel c holds the signal times (c + 1) / channels, so that the mean is known.
void write_by_libsndfile(const std::filesystem::path& path, const Written& how,
                         const std::vector<float>& mono) {
  SF_INFO info{};
  info.samplerate = how.rate;
  info.channels = how.channels;
  info.format = how.format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(file, nullptr) << sf_strerror(nullptr);
  std::vector<float> frames;
  for (const float value : mono) {
    for (int c = 1; c <= how.channels; ++c) {
      frames.push_back(value * static_cast<float>(c) / static_cast<float>(how.channels));
    }
  }
  ASSERT_EQ(sf_writef_float(file, frames.data(), static_cast<sf_count_t>(mono.size())),
            static_cast<sf_count_t>(mono.size()));
  ASSERT_EQ(sf_close(file), 0);
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

// The error on reading `path`; checks that it is one sentence that names the file.
std::string refusal(const std::filesystem::path& path) {
  const std::string message = message_of([&] { read_sound(path); });
  EXPECT_NE(message.find(path.filename().string()), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_TRUE(message.starts_with("expected ") && !message.ends_with(".")) << message;
  return message;
}

#define EXPECT_HAS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)

TEST(ReadSound, reads_every_coding_and_averages_the_channels) {
  const TempFolder folder;
  const Written all[] = {
      {"u8.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 1, 16000, 1.0 / 128},
      {"s16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1, 16000, 1.0 / 32768},
      {"s16_stereo.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2, 16000, 1.0 / 32768},
      {"s24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1, 16000, 1e-6},
      {"s24_stereo.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 2, 16000, 1e-6},
      {"s32.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_32, 2, 16000, 1e-7},
      {"f32.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2, 16000, 1e-7},
      {"f64.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 1, 16000, 1e-7},
      {"x16.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 2, 16000, 1.0 / 32768},
      {"x24.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 6, 16000, 1e-6},
      {"x32.wav", SF_FORMAT_WAVEX | SF_FORMAT_FLOAT, 8, 16000, 1e-7},
      {"s16.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 1, 16000, 1.0 / 32768},
      {"s24.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 2, 16000, 1e-6},
      {"vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 2, 16000, 0.05},
  };
  const std::vector<float> mono = sine(440, 16000, 40001);  // more than two blocks
  for (const Written& how : all) {
    SCOPED_TRACE(how.name);
    write_by_libsndfile(folder / how.name, how, mono);
    std::vector<float> expected = mono;
    for (float& v : expected) v *= static_cast<float>(how.channels + 1) / (2.0F * how.channels);
    const Sound sound = read_sound(folder / how.name);
    EXPECT_EQ(sound.sample_rate, 16000);
    EXPECT_LE(largest_difference(sound.samples, expected), how.tolerance);
    const SoundInfo info = sound_info(folder / how.name);
    EXPECT_EQ(info.channels, how.channels);
    EXPECT_EQ(info.sample_rate, 16000);
    EXPECT_EQ(info.samples, 40001);
  }
}

TEST(ReadSound, resamples_to_the_asked_rate) {
  const TempFolder folder;
  for (const int rate : {8000, 22050, 44100, 48000, 96000, 192000}) {
    SCOPED_TRACE(rate);
    const auto count = static_cast<std::size_t>(rate);
    write_by_libsndfile(folder / "a.wav", {"", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1, rate, 0},
                        sine(440, rate, count));
    const Sound sound = read_sound(folder / "a.wav", 16000);
    ASSERT_EQ(sound.samples.size(), 16000U);
    const std::vector<float> expected = sine(440, 16000, 16000);
    for (std::size_t i = 500; i < 15500; ++i) {  // away from the sudden start and end
      ASSERT_NEAR(sound.samples[i], expected[i], 1e-4) << i;
    }
  }
}

TEST(ReadSound, reads_a_float_wav_with_the_short_fmt_chunk_and_odd_chunks_around) {
  const TempFolder folder;
  std::string data;
  for (const float v : {0.25F, -0.5F, 1.5F}) data += le(std::bit_cast<std::uint32_t>(v), 4);
  const WavFormat format{.tag = 3, .bits = 32};
  write_bytes(folder / "a.wav",
              riff(chunk("LIST", "INFOx") + chunk("fmt ", fmt_content(format)) +
                   chunk("fact", le(3, 4)) + chunk("data", data) + chunk("junk", "abc")));
  EXPECT_EQ(read_sound(folder / "a.wav").samples, (std::vector<float>{0.25F, -0.5F, 1.5F}));
}

TEST(ReadSound, reads_extensible_headers_made_by_hand) {
  const TempFolder folder;
  const WavFormat format{.tag = 1, .channels = 2, .bits = 24};
  const std::string data = le(0x400000, 3) + le(0, 3) + le(0xc00000, 3) + le(0xc00000, 3);
  write_bytes(folder / "a.wav",
              riff(chunk("fmt ", extensible_content(format)) + chunk("data", data)));
  EXPECT_EQ(read_sound(folder / "a.wav").samples, (std::vector<float>{0.25F, -0.5F}));
}

TEST(ReadSound, takes_a_piped_wav_of_unknown_length_to_its_end) {
  const TempFolder folder;
  for (const std::uint32_t length : {0xffffffffU, 0x7ffff024U}) {
    const std::string header = "RIFF" + le(0xffffffffU, 4) + "WAVE" +
                               chunk("fmt ", fmt_content({})) + "data" + le(length, 4);
    write_bytes(folder / "a.wav", header + le(0x4000, 2) + le(0xc000, 2));
    EXPECT_EQ(read_sound(folder / "a.wav").samples, (std::vector<float>{0.5F, -0.5F})) << length;
  }
}

TEST(ReadSound, says_what_is_wrong_with_a_path) {
  const TempFolder folder;
  EXPECT_HAS(refusal(folder / "absent.wav"), "there is no such file");
  std::filesystem::create_directory(folder / "folder.wav");
  EXPECT_HAS(refusal(folder / "folder.wav"), "it is a folder");
  write_bytes(folder / "empty.wav", "");
  EXPECT_HAS(refusal(folder / "empty.wav"), "empty (0 bytes)");
  ASSERT_EQ(::mkfifo((folder / "pipe.wav").c_str(), 0600), 0);
  EXPECT_HAS(refusal(folder / "pipe.wav"), "a device or a pipe");
}

TEST(ReadSound, says_what_is_wrong_with_a_wav_header) {
  const TempFolder folder;
  const std::string data(64, '\x01');
  const std::string fmt = chunk("fmt ", fmt_content({}));
  std::string wrong_block = fmt_content({});
  wrong_block[12] = 7;
  std::string lying = wav({}, data);
  lying.resize(lying.size() - 20);
  std::string huge = wav({}, data);
  huge.replace(40, 4, le(0x70000000, 4));
  const std::map<std::string, std::pair<std::string, std::string>> cases = {
      {"no_data.wav", {riff(fmt), "no data chunk"}},
      {"no_fmt.wav", {riff(chunk("LIST", "abcd")), "no fmt chunk"}},
      {"only_riff.wav", {riff(""), "no fmt chunk"}},
      {"two_fmt.wav", {riff(fmt + fmt + chunk("data", data)), "two fmt chunks"}},
      {"fmt_after.wav", {riff(fmt + chunk("data", data) + fmt), "two fmt chunks"}},
      {"data_first.wav", {riff(chunk("data", data) + fmt), "before its format"}},
      {"short_fmt.wav", {riff(chunk("fmt ", "abcd")), "too short"}},
      {"short_ext.wav", {riff(chunk("fmt ", fmt_content({.tag = 0xfffe}))), "too short"}},
      {"block.wav", {riff(chunk("fmt ", wrong_block) + chunk("data", data)), "7 bytes for 1"}},
      {"cut.wav", {lying, "promises 64 bytes of sound and 44 are there"}},
      {"none.wav", {wav({}, ""), "nothing follows its header"}},
      {"no_channel.wav", {wav({.channels = 0}, data), "0 channels"}},
      {"nine.wav", {wav({.channels = 9}, data), "9 channels"}},
      {"slow.wav", {wav({.rate = 3999}, data), "3999 Hz"}},
      {"fast.wav", {wav({.rate = 192001}, data), "192001 Hz"}},
      {"rate.wav", {wav({.rate = 0xffffffff}, data), "4294967295 Hz"}},
  };
  for (const auto& [name, content] : cases) {
    write_bytes(folder / name, content.first);
    EXPECT_HAS(refusal(folder / name), content.second);
  }
  // RIFF's size is right and the data chunk's is absurd: what is there is read.
  write_bytes(folder / "huge.wav", huge);
  EXPECT_EQ(read_sound(folder / "huge.wav").samples.size(), 32U);
  // The limits themselves are fine.
  for (const WavFormat& format :
       {WavFormat{.channels = 8}, WavFormat{.rate = 4000}, WavFormat{.rate = 192000}}) {
    write_bytes(folder / "limit.wav", wav(format, data));
    EXPECT_GT(read_sound(folder / "limit.wav").samples.size(), 0U);
  }
}

TEST(ReadSound, refuses_more_than_four_hours_before_reading_them) {
  const TempFolder folder;
  // 8-bit at 4 kHz: 4 h are 57,600,000 bytes. A sparse file holds the rest.
  const auto make = [&](std::uint32_t samples) {
    write_bytes(folder / "long.wav", "RIFF" + le(samples + 36, 4) + "WAVE" +
                                         chunk("fmt ", fmt_content({.rate = 4000, .bits = 8})) +
                                         "data" + le(samples, 4));
    std::filesystem::resize_file(folder / "long.wav", samples + 44);
  };
  make(57600000);
  EXPECT_EQ(sound_info(folder / "long.wav").samples, 57600000);
  make(57600001);
  EXPECT_HAS(refusal(folder / "long.wav"), "up to 4 h");
}

TEST(ReadSound, refuses_values_that_are_no_sound) {
  const TempFolder folder;
  for (const float bad : {NAN, INFINITY, -INFINITY, 1e30F}) {
    std::string data;
    for (int i = 0; i < 1000; ++i)
      data += le(std::bit_cast<std::uint32_t>(i == 700 ? bad : 0.1F), 4);
    write_bytes(folder / "a.wav", wav({.tag = 3, .bits = 32}, data));
    EXPECT_HAS(refusal(folder / "a.wav"), "NaN, infinite or huge");
  }
}

TEST(ReadSound, notices_cut_and_damaged_flac_files) {
  const TempFolder folder;
  const std::string whole = flac_bytes({.sample_rate = 16000, .samples = noise(48000)});
  write_bytes(folder / "cut.flac", whole.substr(0, whole.size() / 2));
  EXPECT_HAS(refusal(folder / "cut.flac"), "expected");
  write_bytes(folder / "header.flac", whole.substr(0, 30));
  EXPECT_HAS(refusal(folder / "header.flac"), "incomplete");
  std::string wrong = whole;
  for (std::size_t i = whole.size() / 2; i < whole.size() / 2 + 64; ++i) wrong[i] = 'x';
  write_bytes(folder / "wrong.flac", wrong);
  EXPECT_HAS(refusal(folder / "wrong.flac"), "damaged");
}

TEST(ReadSound, never_crashes_on_flipped_or_cut_bytes) {
  const TempFolder folder;
  std::string data;
  for (const float v : noise(300)) data += le(std::bit_cast<std::uint32_t>(v), 4);
  write_by_libsndfile(folder / "v.ogg", {"", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 1, 16000, 0},
                      noise(4000));
  const std::string files[] = {
      wav({.tag = 3, .bits = 32}, data),
      riff(chunk("fmt ", extensible_content({.tag = 3, .channels = 2, .bits = 32})) +
           chunk("data", data)),
      flac_bytes({.sample_rate = 16000, .samples = noise(2000)}),
      read_bytes(folder / "v.ogg"),
  };
  const auto random = noise(100000);
  std::size_t at = 0;
  const auto draw = [&](std::size_t bound) {
    at = (at + 1) % random.size();
    return static_cast<std::size_t>((random[at] + 1) / 2 * static_cast<float>(bound)) % bound;
  };
  int errors = 0;
  for (const std::string& file : files) {
    for (int i = 0; i < 200; ++i) {
      std::string bytes = file;
      if (i % 3 == 0) bytes.resize(1 + draw(bytes.size()));
      for (std::size_t flips = draw(4); flips > 0; --flips) {
        const std::size_t place = draw(2) == 0 ? 4 + draw(60) : draw(bytes.size());
        if (place < bytes.size()) bytes[place] = static_cast<char>(draw(256));
      }
      bytes.replace(0, 4, file.substr(0, 4));  // stays a native format, or ffmpeg would run
      write_bytes(folder / "x", bytes);
      try {
        read_sound_segment(folder / "x", -10, 500);
      } catch (const InputError&) {
        ++errors;
      }
    }
  }
  EXPECT_GT(errors, 150);  // and some are read
  EXPECT_LT(errors, 750);
}

TEST(ReadSound, leaves_other_formats_to_ffmpeg) {
  const auto ffmpeg = find_program("ffmpeg");
  if (!ffmpeg) GTEST_SKIP() << "ffmpeg is not installed";
  const TempFolder folder;
  const std::vector<float> mono = sine(440, 44100, 88200);
  save_wav(folder / "a.wav", {.sample_rate = 44100, .samples = mono});
  for (const std::string name : {"a.mp3", "a.m4a", "a.aiff", "a.mka", "adpcm.wav", "-a.aac"}) {
    SCOPED_TRACE(name);
    std::vector<std::string> argv = {*ffmpeg, "-nostdin", "-loglevel",
                                     "error", "-i",       "file:" + (folder / "a.wav").string()};
    if (name == "adpcm.wav") argv.insert(argv.end(), {"-c:a", "adpcm_ms"});
    argv.push_back("file:" + (folder / name).string());
    ASSERT_EQ(run_process(argv).exit_code, 0);
    const Sound sound = read_sound(folder / name);
    EXPECT_NEAR(sound.seconds(), 2, 0.1);
    double energy = 0;
    for (const float v : sound.samples) energy += v * v;
    EXPECT_NEAR(std::sqrt(energy / static_cast<double>(sound.samples.size())), 0.354, 0.02);
    EXPECT_HAS(message_of([&] { sound_info(folder / name); }), "expected a WAV, FLAC or Ogg");
  }
  ASSERT_EQ(run_process({*ffmpeg, "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
                         "color=size=16x16:duration=0.2", "file:" + (folder / "mute.mp4").string()})
                .exit_code,
            0);
  EXPECT_HAS(refusal(folder / "mute.mp4"), "no sound track");
}

TEST(ReadSound, refuses_text_and_play_lists_that_name_other_files) {
  const TempFolder folder;
  save_wav(folder / "secret.wav", {.sample_rate = 16000, .samples = noise(16000)});
  const std::string secret = (folder / "secret.wav").string();
  write_bytes(folder / "text.wav", "This is not a sound at all, but a letter.\n");
  write_bytes(folder / "list.m3u8", "#EXTM3U\n#EXTINF:1,\n" + secret + "\n#EXT-X-ENDLIST\n");
  write_bytes(folder / "list.wav", "ffconcat version 1.0\nfile secret.wav\n");
  for (const char* name : {"text.wav", "list.m3u8", "list.wav"}) refusal(folder / name);
}

TEST(ReadSound, tells_how_to_get_ffmpeg_where_it_is_missing) {
  const TempFolder folder;
  write_bytes(folder / "a.mp3", "ID3 something");
  const char* old = std::getenv("PATH");
  const std::string kept = old == nullptr ? "" : old;
  ::setenv("PATH", folder.path().c_str(), 1);
  const std::string message = refusal(folder / "a.mp3");
  ::setenv("PATH", kept.c_str(), 1);
  EXPECT_HAS(message, "install ffmpeg");
}

TEST(ReadSound, reads_every_real_recording) {
  const auto root = shared_data();
  if (!std::filesystem::is_directory(root / "audio")) {
    GTEST_SKIP() << "no real recordings at " << root << " (set MINET_SHARED_DATA)";
  }
  std::vector<std::filesystem::path> paths = {root / "urmp" / "mix_vn_vn_48k.wav"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "audio")) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  EXPECT_GE(paths.size(), 38U);
  int oggs = 0;
  for (const auto& path : paths) {
    SCOPED_TRACE(path);
    const SoundInfo info = sound_info(path);
    const Sound sound = read_sound(path);
    oggs += info.format == "Ogg Vorbis";
    EXPECT_GE(sound.seconds(), 0.2);
    EXPECT_LE(sound.seconds(), 15);
    EXPECT_NEAR(sound.seconds(), info.seconds(), 1.5 / 16000);
    double energy = 0;
    float largest = 0;
    for (const float v : sound.samples) {
      energy += v * v;
      largest = std::max(largest, std::abs(v));
    }
    EXPECT_GT(std::sqrt(energy / static_cast<double>(sound.samples.size())), 1e-3);
    EXPECT_LE(largest, 1.2F);
  }
  EXPECT_EQ(oggs, 7);
  if (find_program("ffmpeg")) {
    EXPECT_NEAR(read_sound(root / "urmp" / "urmp_vln1_0-5s.mp4").seconds(), 5, 0.2);
  }
}

TEST(ReadSoundSegment, is_a_slice_with_zeros_outside) {
  const TempFolder folder;
  const std::vector<float> all = noise(50000);
  save_wav(folder / "a.wav", {.sample_rate = 16000, .samples = all});
  save_flac(folder / "a.flac", {.sample_rate = 16000, .samples = all});
  const Sound whole = read_sound(folder / "a.wav");
  for (const char* name : {"a.wav", "a.flac"}) {
    for (const auto& [first, count] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 50000},
                                                            {-1024, 4096},
                                                            {12345, 20000},
                                                            {49000, 3000},
                                                            {-100, 50300},
                                                            {50000, 10},
                                                            {-500, 400},
                                                            {70000, 5},
                                                            {7, 0}}) {
      const Sound part = read_sound_segment(folder / name, first, count);
      ASSERT_EQ(part.samples.size(), static_cast<std::size_t>(count));
      EXPECT_EQ(part.sample_rate, 16000);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t at = first + i;
        const float expected =
            at < 0 || at >= 50000 ? 0.0F : whole.samples[static_cast<std::size_t>(at)];
        ASSERT_EQ(part.samples[static_cast<std::size_t>(i)], expected) << name << " " << at;
      }
    }
  }
  EXPECT_THROW(read_sound_segment(folder / "a.wav", 0, -1), InputError);
  EXPECT_THROW(read_sound_segment(folder / "a.wav", INT64_MAX, 1), InputError);
  EXPECT_THROW(read_sound_segment(folder / "a.wav", 0, INT64_MAX), InputError);
}

TEST(SaveSound, rounds_clips_and_comes_back) {
  const TempFolder folder;
  std::vector<float> samples = noise(40000);
  samples[0] = 3.0F;
  samples[1] = -3.0F;
  samples[2] = 0.5F / 32768;  // halves go to the even step
  samples[3] = 1.5F / 32768;
  const Sound sound{.sample_rate = 22050, .samples = samples};
  save_wav(folder / "a.wav", sound);
  save_flac(folder / "a.flac", sound);
  const Sound from_wav = read_sound(folder / "a.wav", 22050);
  const Sound from_flac = read_sound(folder / "a.flac", 22050);
  EXPECT_EQ(from_wav.samples, from_flac.samples);
  EXPECT_EQ(from_wav.samples[0], 32767.0F / 32768);
  EXPECT_EQ(from_wav.samples[1], -1.0F);
  EXPECT_EQ(from_wav.samples[2], 0.0F);
  EXPECT_EQ(from_wav.samples[3], 2.0F / 32768);
  for (std::size_t i = 4; i < samples.size(); ++i) {
    ASSERT_NEAR(from_wav.samples[i], samples[i], samples[i] > 0.9999F ? 1.01 / 32768 : 0.5 / 32768);
  }
  EXPECT_EQ(std::filesystem::file_size(folder / "a.wav"), 44U + 2 * 40000);
  EXPECT_EQ(read_bytes(folder / "a.wav"), wav_bytes(sound));
}

TEST(SaveSound, refuses_what_is_no_sound_and_leaves_nothing_behind) {
  const TempFolder folder;
  EXPECT_THROW(save_wav(folder / "a.wav", {.sample_rate = 16000, .samples = {0, NAN}}), WorkError);
  EXPECT_THROW(save_flac(folder / "a.flac", {.sample_rate = 10, .samples = {0}}), InputError);
  EXPECT_THROW(save_flac(folder / "a.flac", {.sample_rate = 16000, .samples = {}}), InputError);
  EXPECT_THROW(save_wav(folder / "absent" / "a.wav", {.sample_rate = 16000, .samples = {0}}),
               Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  save_wav(folder / "empty.wav", {.sample_rate = 16000, .samples = {}});
  EXPECT_EQ(std::filesystem::file_size(folder / "empty.wav"), 44U);
}

}  // namespace
}  // namespace minet::audio
