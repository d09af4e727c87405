#!/usr/bin/env bash
# Runs every reader on small valid files, on earlier finds (tests/fuzz/found/READER), and on damaged copies of both.
#
#   tests/fuzz/some.sh READERS_FUZZ
set -euo pipefail
here=$(dirname "$0")
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
python3 "$here/make_seeds.py" "$seeds"
[ -d "$here/found" ] && cp -r "$here/found/." "$seeds/"
"$1" "$seeds" 300
