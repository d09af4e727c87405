#!/usr/bin/env bash
# Packs the built programs with their libraries, configurations and models into one folder that runs on any other
# x86-64 Linux (glibc 2.36 or newer) with any installation of torch 2.11.
#
#   scripts/bundle.sh [--video] [--all-models] [--tests] [OUT.tar.xz]      default: build/minet-bundle.tar.xz
#
#   --video        also pack the libraries that only mi_video needs: OpenCV and the 200 that it loads
#   --all-models   also pack models/paper: 28 MB of weights that do not compress. models/plus is always packed
#   --tests        also pack accelerator_test and benchmarks, which share/minet/gpu_check.py runs
#
# On the other machine: tar xf minet-bundle.tar.xz && MINET_TORCH=.../site-packages/torch minet/bin/mi_train ...
# tar needs xz there. Without MINET_TORCH, the torch of python3 is used. LibTorch and the NVIDIA driver are not packed.
# Without --video, mi_video uses OpenCV 4.6 of the other system (Debian 12: libopencv-videoio406), which it needs only
# for videos. mi_live also uses that system's libraries (liblo7, librtaudio6), because they belong to its sound
# server.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,15s/^# \{0,1\}//p' "$0"; exit 0; }

packed=(mi_prepare mi_train mi_generate mi_eval)
all_models=false
tests=false
while [ $# -gt 0 ]; do
  case $1 in
    --video) packed+=(mi_video) ;;
    --all-models) all_models=true ;;
    --tests) tests=true ;;
    --*) echo "bundle.sh: expected --video, --all-models or --tests, got $1" >&2; exit 2 ;;
    *) break ;;
  esac
  shift
done
out=$PWD/build/minet-bundle.tar.xz
[ $# -eq 0 ] || out=$(cd "$here" && realpath -m "$1")
bin=build/release/bin
for program in mi_video mi_live "${packed[@]}"; do
  [ -x $bin/$program ] || { echo "bundle.sh: expected $bin/$program; run scripts/setup.sh first" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work" "$out.partial"' EXIT
root=$work/minet
cmake --install build/release --prefix "$root" --component programs --strip >/dev/null
cp scripts/gpu_check.py "$root/share/minet/"
if $tests; then
  cp -r tests/reference/golden "$root/share/minet/"
  for file in benchmarks/peers/{training,worker}.py tests/reference/minet_reference; do
    mkdir -p "$root/share/minet/$(dirname $file)"
    cp -r $file "$root/share/minet/$file"
  done
  # PyYAML, which the peer needs, if this machine has it.
  yaml=$(python3 -c 'import os, yaml; print(os.path.dirname(yaml.__file__))' 2>/dev/null) &&
    mkdir -p "$root/share/minet/python" && cp -r "$yaml" "$root/share/minet/python/"
  for program in accelerator_test sampling training_steps; do
    strip -o "$root/libexec/minet/$program" $bin/$program
    ln -s ../libexec/minet/launch "$root/bin/$program"
  done
fi

$all_models || rm -r "$root/share/minet/models/paper"

# Leaves out the C library, the compiler's runtime and LibTorch.
mkdir -p "$root/lib/minet/libraries"
for program in "${packed[@]}"; do ldd $bin/$program; done | awk '$2 == "=>" { print $3 }' | sort -u |
  grep -vE '/(torch|nvidia)/|/(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|stdc\+\+|gcc_s))\.so' |
  xargs cp -L -t "$root/lib/minet/libraries"

mkdir -p "$(dirname "$out")"
# -9e takes seven times as long and saves a fifteenth.
tar -C "$work" -cf - minet | xz -6 -T0 >"$out.partial"
mv "$out.partial" "$out"
echo "$out: $(du -h "$out" | cut -f1)"
