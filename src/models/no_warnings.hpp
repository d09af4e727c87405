// LibTorch's warnings about what is meant to be so.
#pragma once

#include <c10/util/Exception.h>

namespace minet::models {

// None is printed by this thread while it lives.
class NoWarnings {
 public:
  NoWarnings() : guard_(&handler_) {}

 private:
  struct Handler final : c10::WarningHandler {
    void process(const c10::Warning&) override {}
  };
  Handler handler_;
  c10::WarningUtils::WarningHandlerGuard guard_;
};

}  // namespace minet::models
