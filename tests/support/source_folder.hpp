// The source folder. A function, not a macro, so that test objects are the same in every clone and
// ccache can share them.
#pragma once

#include <filesystem>

namespace minet {

std::filesystem::path source_folder();

}  // namespace minet
