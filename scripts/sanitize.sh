#!/usr/bin/env bash
# Builds and runs the tests of the rooms without LibTorch under the address and undefined-behaviour sanitizers.
#
#   scripts/sanitize.sh [PATTERN]     as in scripts/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0; }
MINET_PRESET=asan exec scripts/test.sh --no-setup "$@"
