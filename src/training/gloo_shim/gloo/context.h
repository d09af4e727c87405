// LibTorch's libraries contain Gloo, but its packages lack Gloo's headers, although
// ProcessGroupGloo.hpp includes five of them. These files stand in for them and declare what that
// header names. minet only holds pointers to these types and never creates any.
#pragma once

#include <chrono>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds);
};

}  // namespace gloo
