#include "minet/core/file_kind.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace minet {
namespace {

using std::string_view_literals::operator""sv;

TEST(FileKind, IsNamedByTheFirstBytes) {
  EXPECT_EQ(file_kind("\x89PNG\r\n\x1a\n\0\0"sv), "a PNG image");
  EXPECT_EQ(file_kind("RIFF\0\0\0\0AVI LIST"sv), "an AVI video");
  EXPECT_EQ(file_kind("RIFF\0\0\0\0WAVEfmt "sv), "a WAV sound file");
  EXPECT_EQ(file_kind("\0\0\0\x20"
                      "ftypisom"sv),
            "an MP4 or MOV video");
  EXPECT_EQ(file_kind("PK\x03\x04\x14\0\x06\0[Content_Types].xml"sv),
            "an Excel or other Office document, so save it as CSV");
  EXPECT_EQ(file_kind("PK\x03\x04\x14\0\x06\0take.json"sv), "a ZIP archive, so unpack it");
  EXPECT_EQ(file_kind("\xFF\xFE[\0"sv), "text in UTF-16, so save it as UTF-8");
  EXPECT_EQ(file_kind("<!DOCTYPE html><html>"sv), "a web page, so download the file itself");
  EXPECT_EQ(file_kind(""sv), "empty");
  EXPECT_EQ(file_kind("\x01\x02\x03"sv), "a binary file");
}

TEST(FileKind, TextHasNone) {
  EXPECT_EQ(file_kind("audio,pose\r\na.wav,a\t\n"sv), "");
  EXPECT_EQ(file_kind("[{\"image_id\": \"\xC3\xA9.jpg\"}]"sv), "");
}

}  // namespace
}  // namespace minet
