#!/usr/bin/env bash
# Sets up, builds (with warnings as errors) and runs every test; the last line is "N passed, N failed, N skipped".
#
#   scripts/test.sh [--no-setup] [PATTERN]     PATTERN: only the ctest tests that match it
#
# MINET_PRESET selects a preset of CMakePresets.json other than release.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
[ "${1:-}" = --help ] && { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0; }

setup=(scripts/setup.sh --tests --no-build)
[ "${1:-}" = --no-setup ] && { setup=(true); shift; }
preset=${MINET_PRESET:-release}
{ "${setup[@]}" && scripts/configure.sh "$preset" && cmake --build --preset "$preset"; } ||
  { echo "0 passed, 1 failed, 0 skipped"; exit 1; }

results=build/$preset/test-results
rm -rf "$results" && mkdir -p "$results"
# One result file per binary, so that test cases are counted and not binaries.
export GTEST_OUTPUT="xml:$PWD/$results/"
arguments=(--test-dir "build/$preset" --output-on-failure --no-tests=error -j2)
[ $# -gt 0 ] && arguments+=(-R "$1")
ctest "${arguments[@]}"
status=$?
python3 tests/count_results.py "$results" "$status"
