#include "minet/core/file_kind.hpp"

#include <algorithm>
#include <array>
#include <fstream>

namespace minet {
namespace {

constexpr std::size_t kLookedAt = 300;  // bytes

struct Kind {
  std::string_view begins;
  std::string_view name;
};

using std::string_view_literals::operator""sv;

// Longer signatures come before their own prefixes.
constexpr Kind kKinds[] = {
    {"\xFF\xFE"sv, "text in UTF-16, so save it as UTF-8"},
    {"\xFE\xFF"sv, "text in UTF-16, so save it as UTF-8"},
    {"\x1F\x8B"sv, "compressed (gzip), so unpack it"},
    {"PK\x03\x04"sv, "a ZIP archive, so unpack it"},
    {"7z\xBC\xAF"sv, "a 7-Zip archive, so unpack it"},
    {"Rar!"sv, "a RAR archive, so unpack it"},
    {"version https://git-lfs"sv, "a Git LFS pointer, so fetch the file itself"},
    {"\x89PNG"sv, "a PNG image"},
    {"\xFF\xD8\xFF"sv, "a JPEG image"},
    {"GIF8"sv, "a GIF image"},
    {"%PDF"sv, "a PDF document"},
    {"\x1A\x45\xDF\xA3"sv, "a Matroska or WebM video"},
    {"MThd"sv, "a MIDI file"},
    {"fLaC"sv, "a FLAC sound file"},
    {"OggS"sv, "an Ogg sound file"},
    {"ID3"sv, "an MP3 sound file"},
    {"\x93NUMPY"sv, "a NumPy array"},
    {"\x89HDF"sv, "an HDF5 file, so export it as text (DeepLabCut writes a CSV as well)"},
    {"\x80\x02"sv, "a Python pickle"},
    {"\x80\x03"sv, "a Python pickle"},
    {"\x80\x04"sv, "a Python pickle"},
    {"\x80\x05"sv, "a Python pickle"},
    {"<!DOCTYPE html"sv, "a web page, so download the file itself"},
    {"<html"sv, "a web page, so download the file itself"},
    {"<?xml"sv, "an XML file"},
};

bool is_no_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == 0x7F || (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\v' &&
                          byte != '\f' && byte != '\r');
}

}  // namespace

std::string file_kind(std::string_view bytes) {
  if (bytes.empty()) return "empty";
  const std::string_view first_bytes = bytes.substr(0, kLookedAt);
  const auto at = [&](std::size_t from, std::string_view part) {
    return first_bytes.size() >= from + part.size() &&
           first_bytes.substr(from, part.size()) == part;
  };
  if (at(0, "PK\x03\x04") && first_bytes.find("[Content_Types].xml") != std::string_view::npos) {
    return "an Excel or other Office document, so save it as CSV";
  }
  if (at(4, "ftyp")) return "an MP4 or MOV video";
  if (at(0, "RIFF") && at(8, "AVI ")) return "an AVI video";
  if (at(0, "RIFF") && at(8, "WAVE")) return "a WAV sound file";
  for (const Kind& kind : kKinds) {
    if (first_bytes.starts_with(kind.begins)) return std::string(kind.name);
  }
  if (std::any_of(first_bytes.begin(), first_bytes.end(), is_no_text)) return "a binary file";
  return {};
}

std::string file_kind_of(const std::filesystem::path& path) {
  std::array<char, kLookedAt> bytes{};
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};  // a pipe would block
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  file.read(bytes.data(), bytes.size());
  return file_kind({bytes.data(), static_cast<std::size_t>(file.gcount())});
}

}  // namespace minet
