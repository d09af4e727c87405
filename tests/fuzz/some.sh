#!/usr/bin/env bash
# Small valid files, what fuzzing once found (tests/fuzz/found/READER), and damages of both, through every reader.
#
#   tests/fuzz/some.sh READERS_FUZZ
set -euo pipefail
here=$(dirname "$0")
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
python3 "$here/make_seeds.py" "$seeds"
[ -d "$here/found" ] && cp -r "$here/found/." "$seeds/"
"$1" "$seeds" 300
