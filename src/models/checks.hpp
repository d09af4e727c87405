// Argument checks of the networks: one sentence with what was expected and what came.
#pragma once

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::models {

// The parts are only put together when the check fails.
template <class... Parts>
void require(bool holds, const Parts&... parts) {
  if (!holds) throw InputError(text(parts...));
}

}  // namespace minet::models
