// TensorBoard event files, read back by an independent parser: records, checksums computed bit by
// bit, and protobuf fields.
#include "minet/training/event_writer.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"

namespace minet::training {
namespace {

// CRC-32C by long division, without a table.
std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
  }
  return ~crc;
}
std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

template <class T>
T number_at(std::string_view bytes, std::size_t at) {
  T value{};
  if (at + sizeof value > bytes.size()) throw std::runtime_error("the file ends too early");
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// The data of each record; every length and both checksums are verified.
std::vector<std::string> records_of(const std::string& bytes) {
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = number_at<std::uint64_t>(bytes, at);
    EXPECT_EQ(number_at<std::uint32_t>(bytes, at + 8), masked(crc32c(bytes.substr(at, 8))));
    records.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(records.back().size(), length);
    EXPECT_EQ(number_at<std::uint32_t>(bytes, at + 12 + length), masked(crc32c(records.back())));
    at += 16 + length;
  }
  return records;
}

// One protobuf message: numbers by field (floats as their bits), bytes by field.
struct Message {
  std::map<int, std::uint64_t> numbers;
  std::map<int, std::string> bytes;

  explicit Message(std::string_view data) {
    std::size_t at = 0;
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = number_at<std::uint8_t>(data, at++);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) return value;
      }
    };
    while (at < data.size()) {
      const std::uint64_t key = varint();
      const int field = static_cast<int>(key >> 3);
      switch (key & 7) {
        case 0:
          numbers[field] = varint();
          break;
        case 1:
          numbers[field] = number_at<std::uint64_t>(data, at);
          at += 8;
          break;
        case 2: {
          const std::uint64_t length = varint();
          bytes[field] = data.substr(at, length);
          EXPECT_EQ(bytes[field].size(), length);
          at += length;
          break;
        }
        case 5:
          numbers[field] = number_at<std::uint32_t>(data, at);
          at += 4;
          break;
        default:
          throw std::runtime_error("a wire type that is none");
      }
    }
  }
  float as_float(int field) const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(numbers.at(field)));
  }
};

// Event fields: 1 wall time, 2 step, 3 file version, 5 summary, 7 session log. Summary: 1 value.
// Value: 1 tag, 2 number, 6 audio. Audio: 1 rate, 2 channels, 3 frames, 4 file, 5 content type.
Message value_of(const Message& event) {
  return Message(Message(event.bytes.at(5)).bytes.at(1));
}

std::vector<Message> events_in(const TempFolder& folder) {
  const std::set<std::string> names = folder.names();
  EXPECT_EQ(names.size(), 1u);
  EXPECT_TRUE(names.begin()->starts_with("events.out.tfevents."));
  std::vector<Message> events;
  for (const std::string& record : records_of(slurp(folder / *names.begin()))) {
    events.emplace_back(record);
  }
  return events;
}

TEST(EventWriterTest, TheChecksumOfThisTestIsCastagnolis) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(masked(0), 0xA282EAD8u);
}

TEST(EventWriterTest, NumbersComeBackWithTagAndStep) {
  const TempFolder folder;
  {
    EventWriter events(folder.path());
    events.scalar("vqvae/loss", 7, 0.5);
    events.scalar("x", 300'000'000'000, -1e-3);
  }
  const std::vector<Message> events = events_in(folder);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].bytes.at(3), "brain.Event:2");
  const auto wall_time = std::bit_cast<double>(events[1].numbers.at(1));
  EXPECT_GT(wall_time, 1.7e9);  // Unix seconds
  EXPECT_EQ(events[1].numbers.at(2), 7u);
  EXPECT_EQ(value_of(events[1]).bytes.at(1), "vqvae/loss");
  EXPECT_EQ(value_of(events[1]).as_float(2), 0.5f);
  EXPECT_EQ(events[2].numbers.at(2), 300'000'000'000u);
  EXPECT_EQ(value_of(events[2]).as_float(2), -1e-3f);
}

TEST(EventWriterTest, SoundIsAWavFileInsideAnEvent) {
  const TempFolder folder;
  const audio::Sound sound{.sample_rate = 16000, .samples = {0.0f, 0.5f, -0.5f, 0.25f}};
  {
    EventWriter events(folder.path());
    events.sound("reconstruction", 40, sound);
  }
  const std::vector<Message> events = events_in(folder);
  ASSERT_EQ(events.size(), 2u);
  const Message value = value_of(events[1]);
  EXPECT_EQ(value.bytes.at(1), "reconstruction");
  const Message audio(value.bytes.at(6));
  EXPECT_EQ(audio.as_float(1), 16000.0f);
  EXPECT_EQ(audio.numbers.at(2), 1u);
  EXPECT_EQ(audio.numbers.at(3), 4u);
  EXPECT_EQ(audio.bytes.at(4), audio::wav_bytes(sound));
  EXPECT_EQ(audio.bytes.at(5), "audio/wav");
}

TEST(EventWriterTest, AResumedRunDropsWhatCameAfterItsStep) {
  const TempFolder folder;
  { EventWriter events(folder.path(), 120); }
  const std::vector<Message> events = events_in(folder);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].numbers.at(2), 120u);
  EXPECT_EQ(Message(events[1].bytes.at(7)).numbers.at(1), 1u);  // SessionLog.START
}

TEST(EventWriterTest, AFolderThatCannotBeMadeStopsNothing) {
  const TempFolder folder;
  spill(folder / "file", "");
  EventWriter events(folder / "file" / "tensorboard");
  EXPECT_NO_THROW(events.scalar("loss", 1, 1));
  EXPECT_NO_THROW(events.flush());
}

}  // namespace
}  // namespace minet::training
