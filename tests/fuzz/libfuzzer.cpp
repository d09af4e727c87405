// libFuzzer's entry: the reader that MINET_FUZZ names. See scripts/fuzz.sh.
#include <cstddef>
#include <cstdint>
#include <iostream>

#include "fuzz/target.hpp"
#include "minet/core/log.hpp"
#include "minet/core/progress.hpp"

namespace {

const minet::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  minet::log::set_level(minet::log::Level::off);
  minet::Progress::set_quiet(true);
  const char* const name = std::getenv("MINET_FUZZ");
  for (const minet::fuzz::Target& target : minet::fuzz::readers()) {
    if (name != nullptr && std::string_view(name) == target.name) chosen = &target;
  }
  if (chosen != nullptr) return 0;
  for (const minet::fuzz::Target& target : minet::fuzz::readers()) std::cout << target.name << '\n';
  std::exit(name == nullptr ? 0 : 2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
