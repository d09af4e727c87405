#!/usr/bin/env bash
# Lists the sources that clang-format would change; scripts/check_format.sh --fix formats them.
set -euo pipefail
cd "$(dirname "$0")/.."
how=(--dry-run -Werror)
[ "${1:-}" = --fix ] && how=(-i)
git ls-files '*.hpp' '*.cpp' '*.inl' | xargs clang-format "${how[@]}"
