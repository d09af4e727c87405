// The version of minet, from CMakeLists.txt.
#pragma once

namespace minet {

const char* version();

}  // namespace minet
