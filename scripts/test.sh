#!/usr/bin/env bash
# Sets up, builds and runs every test; the last line is "N passed, N failed".
#
#   scripts/test.sh [PATTERN]     only the ctest tests that match PATTERN
#
# MINET_PRESET names another preset of CMakePresets.json than release.
set -uo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0; }

preset=${MINET_PRESET:-release}
{ scripts/setup.sh --tests --no-build && cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset"; } ||
  { echo "0 passed, 1 failed"; exit 1; }

results=build/$preset/test-results
rm -rf "$results" && mkdir -p "$results"
# One result file a binary, so that the counts are of test cases and not of binaries.
export GTEST_OUTPUT="xml:$PWD/$results/"
arguments=(--test-dir "build/$preset" --output-on-failure --no-tests=error -j2)
[ $# -gt 0 ] && arguments+=(-R "$1")
ctest "${arguments[@]}"
status=$?
python3 tests/count_results.py "$results" "$status"
