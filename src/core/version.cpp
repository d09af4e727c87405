#include "minet/core/version.hpp"

namespace minet {

const char* version() {
  return MINET_VERSION;
}

}  // namespace minet
