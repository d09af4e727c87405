// The message of an InputError.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <string>

#include "minet/core/errors.hpp"

namespace minet {

// The message of the InputError that `action` must throw; the test fails if it throws none.
template <class Action>
std::string input_error(const Action& action) {
  try {
    action();
    ADD_FAILURE() << "expected an InputError, got none";
  } catch (const InputError& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "expected an InputError, got: " << error.what();
  }
  return {};
}

}  // namespace minet
