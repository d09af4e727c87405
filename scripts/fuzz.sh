#!/usr/bin/env bash
# Fuzzes every reader of bytes from outside with libFuzzer under the address and undefined-behaviour sanitizers, one
# after another, and says of each what it ran. Needs clang.
#
#   scripts/fuzz.sh [--jobs N] [--json FILE] [CPU-MINUTES [READER...]]     CPU-MINUTES of each reader, 30 by default
#
#   --jobs N       so many readers at a time
#   --json FILE    the figures, for scripts/reliability_tables.py; those already in it count, so that a run that was
#                  stopped goes on with the same command
#
# What it has learnt is kept in build/fuzz/corpus/READER and is where the next run begins. A find is written to
# build/fuzz/finds/READER; once mended it belongs into tests/fuzz/found/READER, which the tests run.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0; }
scripts/configure.sh fuzz
cmake --build --preset fuzz
exec python3 tests/fuzz/fuzz.py build/fuzz "$@"
