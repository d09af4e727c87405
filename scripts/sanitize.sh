#!/usr/bin/env bash
# Builds and runs the tests of the rooms without LibTorch under the address and undefined-behaviour
# sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset asan >/dev/null
cmake --build --preset asan
ctest --preset asan -j2
