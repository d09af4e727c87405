#include "minet/training/event_writer.hpp"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>

#include "minet/audio/sound.hpp"
#include "minet/core/text.hpp"

namespace minet::training {
namespace {

// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), masked as in TFRecord files.
std::uint32_t masked_crc(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82F63B78u : 0u);
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  crc = ~crc;
  return std::rotr(crc, 15) + 0xA282EAD8u;
}

template <class T>
std::string little_endian(T value) {
  const auto bytes = std::bit_cast<std::array<char, sizeof(T)>>(value);
  return {bytes.begin(), bytes.end()};
}

// The protobuf wire format: https://protobuf.dev/programming-guides/encoding/
std::string varint(std::uint64_t value) {
  std::string bytes;
  while (value >= 0x80) {
    bytes += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  return bytes + static_cast<char>(value);
}
std::string key(int field, int type) {
  return varint(static_cast<std::uint64_t>(field) << 3 | type);
}
std::string integer_field(int field, std::uint64_t value) {
  return key(field, 0) + varint(value);
}
std::string double_field(int field, double value) {
  return key(field, 1) + little_endian(value);
}
std::string float_field(int field, float value) {
  return key(field, 5) + little_endian(value);
}
std::string bytes_field(int field, std::string_view bytes) {
  return key(field, 2) + varint(bytes.size()) + std::string(bytes);
}

}  // namespace

EventWriter::EventWriter(const std::filesystem::path& folder, std::int64_t resume_step) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  stream_.open(folder / text("events.out.tfevents.", micros, ".", ::getpid(), ".minet"),
               std::ios::binary);
  event(0, bytes_field(3, "brain.Event:2"));
  if (resume_step > 0) event(resume_step, bytes_field(7, integer_field(1, 1)));  // SessionLog.START
}

void EventWriter::event(std::int64_t step, std::string_view field) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double seconds = std::chrono::duration<double>(now).count();
  const std::string record = double_field(1, seconds) +
                             integer_field(2, static_cast<std::uint64_t>(step)) +
                             std::string(field);
  const std::string length = little_endian(static_cast<std::uint64_t>(record.size()));
  stream_ << length << little_endian(masked_crc(length)) << record
          << little_endian(masked_crc(record));
}

void EventWriter::scalar(std::string_view tag, std::int64_t step, double value) {
  const std::string entry = bytes_field(1, tag) + float_field(2, static_cast<float>(value));
  event(step, bytes_field(5, bytes_field(1, entry)));
}

void EventWriter::sound(std::string_view tag, std::int64_t step, const audio::Sound& sound) {
  const std::string audio = float_field(1, static_cast<float>(sound.sample_rate)) +
                            integer_field(2, 1) + integer_field(3, sound.samples.size()) +
                            bytes_field(4, audio::wav_bytes(sound)) + bytes_field(5, "audio/wav");
  event(step, bytes_field(5, bytes_field(1, bytes_field(1, tag) + bytes_field(6, audio))));
}

void EventWriter::flush() {
  stream_.flush();
}

}  // namespace minet::training
