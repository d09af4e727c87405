// Escaping of text, base64 against the examples of RFC 4648, and PNG read back.
#include "minet/core/html.hpp"

#include <gtest/gtest.h>
#include <png.h>

#include <cstring>

#include "minet/core/errors.hpp"
#include "minet/core/png.hpp"

namespace minet {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(HtmlEscape, NothingOfTheDataIsMarkup) {
  EXPECT_EQ(html_escape("<script>'a' & \"b\"</script>"),
            "&lt;script&gt;&#39;a&#39; &amp; &quot;b&quot;&lt;/script&gt;");
  EXPECT_EQ(html_escape("Händel\n\tand\r\n"), "Händel\n\tand\r\n");
  EXPECT_EQ(html_escape(std::string_view("a\0b\x1b\x7f", 5)),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Base64, IsAsInRfc4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [text, encoded] : cases) EXPECT_EQ(base64(bytes_of(text)), encoded);
  EXPECT_EQ(base64(bytes_of("\xff\xfe\xfb")), "//77");
  EXPECT_EQ(data_uri("text/plain", bytes_of("foo")), "data:text/plain;base64,Zm9v");
}

TEST(Png, IsReadBackPixelByPixel) {
  const int width = 5, height = 3;
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < width * height * 3; ++i) {
    pixels.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  }
  const std::vector<std::byte> file = png_bytes(pixels, width, height);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&image, file.data(), file.size()), 0);
  EXPECT_EQ(image.width, 5U);
  EXPECT_EQ(image.height, 3U);
  image.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> again(PNG_IMAGE_SIZE(image));
  ASSERT_NE(png_image_finish_read(&image, nullptr, again.data(), 0, nullptr), 0);
  EXPECT_EQ(again, pixels);
}

TEST(Png, AWrongSizeIsRefused) {
  const std::vector<std::uint8_t> pixels(10);
  EXPECT_THROW(png_bytes(pixels, 2, 2), InputError);
  EXPECT_THROW(png_bytes({}, 0, 4), InputError);
}

}  // namespace
}  // namespace minet
