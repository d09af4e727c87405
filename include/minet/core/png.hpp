// A picture as a PNG file in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace minet {

// `pixels`: [height, width, 3] red, green, blue, rows from the top. InputError: a side that is not
// 1 .. 32768 or pixels of another size; WorkError: what libpng reports.
std::vector<std::byte> png_bytes(std::span<const std::uint8_t> pixels, int width, int height);

}  // namespace minet
