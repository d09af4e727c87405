// Gloo is in LibTorch's libraries, but LibTorch's packages have no headers of it, though
// ProcessGroupGloo.hpp includes five. These stand in for them: declarations of what that header
// names. We only hold pointers to these types and make none of them.
#pragma once

#include <chrono>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds);
};

}  // namespace gloo
