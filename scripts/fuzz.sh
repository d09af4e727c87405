#!/usr/bin/env bash
# Fuzzes every reader of external bytes with libFuzzer under the address and undefined-behaviour sanitizers, one
# after another, and reports what it ran for each. Needs clang.
#
#   scripts/fuzz.sh [--jobs N] [--json FILE] [CPU-MINUTES [READER...]]     CPU-MINUTES per reader, 30 by default
#
#   --jobs N       fuzz N readers at a time
#   --json FILE    write the results for scripts/reliability_tables.py; results already in it count, so that the same
#                  command resumes a stopped run
#
# Inputs that reach new code are kept in build/fuzz/corpus/READER, where the next run starts. A find is written to
# build/fuzz/finds/READER; once fixed, it belongs in tests/fuzz/found/READER, which the tests run.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0; }
scripts/configure.sh fuzz
cmake --build --preset fuzz
exec python3 tests/fuzz/fuzz.py build/fuzz "$@"
