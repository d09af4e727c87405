#!/usr/bin/env bash
# clang-tidy on the sources that differ from a commit.
#
#   scripts/tidy.sh [COMMIT]     default: where this branch left origin/main, else the previous commit
#
# A source that includes LibTorch takes most of a minute; at most ten of them are checked, and the rest
# is listed.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0; }

base=${1:-$(git merge-base HEAD origin/main 2>/dev/null || true)}
if [ -z "$base" ] || [ "$(git rev-parse "$base")" = "$(git rev-parse HEAD)" ]; then
  base=$(git rev-parse --verify --quiet HEAD~1) || { echo "one commit only: nothing to compare with"; exit 0; }
fi
mapfile -t changed < <(git diff --name-only --diff-filter=d "$base" -- 'src/*.cpp' 'apps/*.cpp' 'tests/*.cpp')
light=() heavy=()
for file in "${changed[@]}"; do
  case $file in
    tests/fuzz/* | tests/consumer/*) ;;  # not in the build that is asked
    src/models/* | src/clips/* | src/training/* | src/generation/* | src/evaluation/* | src/comparison/* | \
      src/listening/* | tests/models/* | tests/clips/* | tests/training/* | tests/generation/* | \
      tests/evaluation/* | tests/listening/* | tests/comparison/* | apps/mi_train.cpp | apps/mi_generate.cpp | \
      apps/*eval*) heavy+=("$file") ;;
    *) light+=("$file") ;;
  esac
done
[ ${#heavy[@]} -gt 10 ] && echo "not checked, beyond ten with LibTorch: ${heavy[*]:10}"
files=("${light[@]}" "${heavy[@]:0:10}")
[ ${#files[@]} -gt 0 ] || { echo "no changed source"; exit 0; }
cmake --preset tidy >/dev/null
printf '%s\n' "${files[@]}" | xargs -P2 -n1 clang-tidy -p build/tidy --quiet --warnings-as-errors='*'
