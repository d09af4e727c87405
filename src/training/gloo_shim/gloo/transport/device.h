// See ../context.h.
#pragma once

namespace gloo::transport {

class Device;
struct UnboundBuffer {
  virtual ~UnboundBuffer() = default;
};

}  // namespace gloo::transport
