// Libraries beside the program (plugins/) that need what not every machine has.
#pragma once

#include <string>

namespace minet {

// A function declared extern "C"; `address` is null if it cannot be loaded, for the reason given.
struct PluginSymbol {
  void* address = nullptr;
  std::string problem = {};
};
PluginSymbol plugin_symbol(const std::string& library, const char* name);

template <class Function>
struct PluginFunction {
  Function* function = nullptr;
  std::string problem = {};
};
template <class Function>
PluginFunction<Function> plugin_function(const std::string& library, const char* name) {
  const PluginSymbol found = plugin_symbol(library, name);
  return {reinterpret_cast<Function*>(found.address), found.problem};
}

}  // namespace minet
