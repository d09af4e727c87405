#include "minet/core/png.hpp"

#include <png.h>

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet {

std::vector<std::byte> png_bytes(std::span<const std::uint8_t> pixels, int width, int height) {
  constexpr int kMaxSide = 32768;
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide ||
      pixels.size() != static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3) {
    throw InputError(text("image: expected width x height x 3 bytes and sides of 1 to ", kMaxSide,
                          ", got ", pixels.size(), " bytes for ", width, " x ", height));
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
    throw WorkError(text("image of ", width, " x ", height, ": ", image.message));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace minet
