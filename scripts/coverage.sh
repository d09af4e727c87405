#!/usr/bin/env bash
# Measures the share of lines of src/ and include/ that the tests run, with gcovr: by room, and the worst files.
#
#   scripts/coverage.sh [--base] [PATTERN]     PATTERN: only the tests that match it
#
#   --base     only the rooms without LibTorch and their tests: minutes instead of most of an hour
#
# Writes build/coverage/coverage.json (--base: build/coverage-base) for scripts/reliability_tables.py.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0; }
preset=coverage
[ "${1:-}" = --base ] && { preset=coverage-base; shift; }
build=build/$preset
scripts/configure.sh "$preset"
cmake --build --preset "$preset"
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" --output-on-failure --no-tests=error -j2 ${1:+-R "$1"} ||
  echo "coverage.sh: some tests failed" >&2
gcovr --root . --filter 'src/' --filter 'include/' --gcov-ignore-parse-errors --exclude-throw-branches \
  --json-summary "$build/coverage.json" "$build" > /dev/null
exec scripts/coverage_rooms.py "$build/coverage.json"
