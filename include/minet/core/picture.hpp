#pragma once

#include <cstddef>
#include <cstdint>

namespace minet {

// A picture that somebody else holds: RGB, 8 bits each, `stride` bytes from row to row.
struct Picture {
  const std::uint8_t* rgb = nullptr;
  int width = 0, height = 0;
  std::size_t stride = 0;
};

}  // namespace minet
