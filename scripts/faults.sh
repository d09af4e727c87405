#!/usr/bin/env bash
# Kills the programs at random moments, makes their file operations fail, limits memory and
# descriptors, and compares with undisturbed runs: a table of what was tried and what was lost.
#
#   scripts/faults.sh [KILLS] [options of tests/faults/faults.py]    KILLS: kill points, 200 by default
#   scripts/faults.sh 20 --step 0 --no-limits                        kills and signals only
#   scripts/faults.sh 200 --json faults.json
set -euo pipefail
cd "$(dirname "$0")/.."
for argument in "$@"; do
  case $argument in -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exec python3 tests/faults/faults.py --help ;; esac
done
scripts/configure.sh release
cmake --build --preset release --target mi_prepare mi_train mi_generate mi_eval fault_injector
exec python3 tests/faults/faults.py build/release/bin build/release/lib/libfault_injector.so "$@"
