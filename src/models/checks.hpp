// Argument checks of the networks: one sentence with what was expected and what was given.
#pragma once

#include "minet/core/errors.hpp"
#include "minet/core/text.hpp"

namespace minet::models {

// The message is only assembled if the check fails.
template <class... Parts>
void require(bool holds, const Parts&... parts) {
  if (!holds) throw InputError(text(parts...));
}

}  // namespace minet::models
