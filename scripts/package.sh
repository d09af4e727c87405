#!/usr/bin/env bash
# Makes the Debian packages minet and libminet-dev from the built programs (docs/library.md).
#
#   scripts/package.sh [FOLDER]      default: build/packages
#
# MINET_BUILD names a build folder other than build/release.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0; }
command -v dpkg-shlibdeps >/dev/null || { echo "package.sh: expected dpkg-shlibdeps, found none; install dpkg-dev" >&2; exit 1; }

out=$PWD/build/packages
[ $# -eq 0 ] || out=$(cd "$here" && realpath -m "$1")
build=$(realpath "${MINET_BUILD:-build/release}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The libraries that the programs link, without LibTorch. dpkg-shlibdeps expects a source package around it.
mkdir "$work/debian"
printf 'Source: minet\n\nPackage: minet\nArchitecture: any\n' > "$work/debian/control"
torch=$(sed -n 's/^LibTorch_CPU_LIBRARY:FILEPATH=\(.*\)\/[^/]*$/\1/p' "$build/CMakeCache.txt")
depends=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info -l"$torch" "$build"/bin/mi_{prepare,train,generate,eval,video,live} 2>/dev/null |
  sed -n 's/^shlibs:Depends=//p')
mkdir -p "$out"
(cd "$build" && cpack -G DEB -B "$out" -D CPACK_DEBIAN_PROGRAMS_PACKAGE_DEPENDS="$depends" >"$work/log") || { cat "$work/log" >&2; exit 1; }
rm -rf "$out/_CPack_Packages"
ls -sh "$out"/*.deb
