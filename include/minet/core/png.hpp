// Encodes an image as PNG.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace minet {

// `pixels`: [height, width, 3] red, green, blue, rows from the top. InputError if a side is not in
// 1 .. 32768 or `pixels` has a different size; WorkError if libpng fails.
std::vector<std::byte> png_bytes(std::span<const std::uint8_t> pixels, int width, int height);

}  // namespace minet
