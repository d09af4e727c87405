#!/usr/bin/env bash
# Runs clang-tidy on the sources that differ from a commit, including uncommitted and new ones.
#
#   scripts/tidy.sh [COMMIT | --all]     default: where this branch left main, else the previous commit
#
# A source that includes LibTorch takes most of a minute. At most ten of these and thirty others are checked, and the
# rest is listed, unless --all is given: every source of the project (an hour).
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0; }

most=10 most_light=30
patterns=('src/*.cpp' 'apps/*.cpp' 'tests/*.cpp' 'benchmarks/*.cpp')
if [ "${1:-}" = --all ]; then
  most=10000 most_light=10000
  mapfile -t files < <(git ls-files -- "${patterns[@]}")
else
  git rev-parse --verify --quiet HEAD >/dev/null || { echo "clang-tidy: none checked, no history here"; exit 0; }
  head=$(git rev-parse HEAD)
  base=${1:-}
  for branch in origin/main main HEAD~1; do
    [ -n "$base" ] && break
    base=$(git merge-base HEAD "$branch" 2>/dev/null || true)
    [ "$base" = "$head" ] && base=
  done
  [ -n "$base" ] || { echo "clang-tidy: none checked, this history has one commit only"; exit 0; }
  mapfile -t files < <({ git diff --name-only --diff-filter=d "$base" -- "${patterns[@]}"
                         git ls-files --others --exclude-standard -- "${patterns[@]}"; } | sort -u)
fi
[ ${#files[@]} -gt 0 ] || { echo "clang-tidy: no changed source"; exit 0; }

scripts/configure.sh tidy
# Light sources, then those with LibTorch; leaves out those that the build does not compile (tests/consumer).
mapfile -t sorted < <(python3 - build/tidy/compile_commands.json "${files[@]}" <<'PYTHON'
import json, os, sys
commands = {os.path.relpath(entry["file"]): entry["command"] for entry in json.load(open(sys.argv[1]))}
known = [name for name in sys.argv[2:] if name in commands]
heavy = [name for name in known if "/torch/csrc/api/include" in commands[name]]
print(*[name for name in known if name not in heavy], "--", *heavy, sep="\n")
PYTHON
)
light=() heavy=() past=no
for file in "${sorted[@]}"; do
  if [ "$file" = -- ]; then past=yes; elif [ $past = yes ]; then heavy+=("$file"); else light+=("$file"); fi
done
[ ${#heavy[@]} -le $most ] || echo "not checked, beyond $most with LibTorch: ${heavy[*]:$most}"
[ ${#light[@]} -le $most_light ] || echo "not checked, beyond $most_light without LibTorch: ${light[*]:$most_light}"
files=("${light[@]:0:$most_light}" "${heavy[@]:0:$most}")
[ ${#files[@]} -gt 0 ] || { echo "clang-tidy: no changed source"; exit 0; }
echo "clang-tidy: ${#files[@]} changed sources"
printf '%s\n' "${files[@]}" | xargs -P2 -n1 clang-tidy -p build/tidy --quiet --warnings-as-errors='*'
