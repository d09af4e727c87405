#!/usr/bin/env bash
# Configures a preset of CMakePresets.json; shows CMake's output only if it fails.
#
#   scripts/configure.sh PRESET [CMAKE ARGUMENTS...]
set -uo pipefail
cd "$(dirname "$0")/.."
said=$(cmake --preset "$@" 2>&1) || { printf '%s\n' "$said" >&2; exit 1; }
