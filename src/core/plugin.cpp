#include "core/plugin.hpp"

#include <dlfcn.h>

#include <filesystem>

#include "minet/core/text.hpp"

namespace minet {

PluginSymbol plugin_symbol(const std::string& library, const char* name) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path path = program.parent_path() / library;
  void* const opened = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // for the whole process
  if (opened == nullptr) return {.problem = ::dlerror()};
  void* const address = ::dlsym(opened, name);
  if (address == nullptr) return {.problem = text(path.string(), " is of another version")};
  return {.address = address};
}

}  // namespace minet
