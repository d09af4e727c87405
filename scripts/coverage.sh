#!/usr/bin/env bash
# The share of the lines of src/ and include/ that the tests run, by gcovr: a summary by room, and the worst files.
#
#   scripts/coverage.sh [--base] [PATTERN]     PATTERN: only the tests that match it
#
#   --base     only the rooms without LibTorch and their tests: minutes instead of most of an hour
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0; }
preset=coverage
[ "${1:-}" = --base ] && { preset=coverage-base; shift; }
build=build/$preset
cmake --preset "$preset" > /dev/null
cmake --build --preset "$preset"
find "$build" -name '*.gcda' -delete
ctest --test-dir "$build" --output-on-failure --no-tests=error -j2 ${1:+-R "$1"} ||
  echo "coverage.sh: some tests failed" >&2
gcovr --root . --filter 'src/' --filter 'include/' --gcov-ignore-parse-errors --exclude-throw-branches \
  --json-summary "$build/coverage.json" "$build" > /dev/null
python3 - "$build/coverage.json" <<'EOF'
import collections, json, sys
files = json.load(open(sys.argv[1]))["files"]
rooms = collections.defaultdict(lambda: [0, 0])
for file in files:
    parts = file["filename"].split("/")
    room = parts[1] if parts[0] == "src" else parts[2]
    rooms[room][0] += file["line_covered"]
    rooms[room][1] += file["line_total"]
for room, (covered, total) in sorted(rooms.items()):
    print(f"{room:12} {covered:6} of {total:6} lines, {100 * covered / max(1, total):5.1f} %")
covered, total = map(sum, zip(*rooms.values()))
print(f"{'all':12} {covered:6} of {total:6} lines, {100 * covered / total:5.1f} %")
print("most lines that no test runs:")
for file in sorted(files, key=lambda f: f["line_covered"] - f["line_total"])[:15]:
    print(f"{file['line_total'] - file['line_covered']:5} of {file['line_total']:5}  {file['filename']}")
EOF
