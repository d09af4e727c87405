#pragma once

#include <cstddef>
#include <cstdint>

namespace minet {

// A non-owning view of an image: RGB, 8 bits per channel, `stride` bytes from row to row.
struct Picture {
  const std::uint8_t* rgb = nullptr;
  int width = 0, height = 0;
  std::size_t stride = 0;
};

}  // namespace minet
