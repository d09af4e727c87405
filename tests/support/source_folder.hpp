// Where the sources stand. A function and not a macro, so that test objects are equal in every
// clone and ccache can share them.
#pragma once

#include <filesystem>

namespace minet {

std::filesystem::path source_folder();

}  // namespace minet
