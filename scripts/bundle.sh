#!/usr/bin/env bash
# Packs the built programs, the libraries that they need and the configurations into one folder that
# runs on another x86-64 Linux (glibc 2.36 or newer) with any installation of torch 2.11.
#
#   scripts/bundle.sh [OUT.tar.xz]      default: build/minet-bundle.tar.xz
#
# On the other machine: tar xf minet-bundle.tar.xz && MINET_TORCH=.../site-packages/torch minet/bin/mi_train ...
# Without MINET_TORCH the torch of python3 is used. LibTorch and the NVIDIA driver are not packed, nor is mi_video: it
# would bring OpenCV's 250 libraries, and who trains on another machine has keypoints already.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "${1:-}" = --help ] && { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0; }

out=$(realpath -m "${1:-build/minet-bundle.tar.xz}")
bin=build/release/bin
programs=(mi_prepare mi_train mi_generate mi_eval)
for program in "${programs[@]}"; do
  [ -x $bin/$program ] || { echo "bundle.sh: expected $bin/$program; run scripts/setup.sh first" >&2; exit 1; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/minet
mkdir -p "$root/bin" "$root/lib" "$root/programs"
cp "${programs[@]/#/$bin/}" "$root/programs/"
strip "$root"/programs/*

# What the C library, the compiler's runtime and LibTorch bring themselves stays out.
for program in "${programs[@]}"; do ldd $bin/$program; done | awk '$2 == "=>" { print $3 }' | sort -u |
  grep -vE '/(torch|nvidia)/|/(ld-linux.*|lib(c|m|dl|rt|pthread|util|resolv|stdc\+\+|gcc_s))\.so' |
  xargs cp -L -t "$root/lib"

cat > "$root/run" <<'EOF'
#!/bin/sh
# Starts the program of its own name with the packed libraries and the torch of this machine.
here=$(dirname "$(readlink -f "$0")")
torch=${MINET_TORCH:-$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])' 2>/dev/null)}
if [ ! -e "$torch/lib/libtorch_cpu.so" ]; then
  echo "minet: expected torch 2.11 in '$torch'; set MINET_TORCH to its folder .../site-packages/torch" >&2
  exit 1
fi
LD_LIBRARY_PATH=$here/lib:$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
exec "$here/programs/$(basename "$0")" "$@"
EOF
chmod +x "$root/run"
for program in "${programs[@]}"; do ln -s ../run "$root/bin/$program"; done
cp -r configs LICENSE "$root/"
[ ! -d models ] || cp -r models "$root/"
mkdir -p "$(dirname "$out")"
tar -C "$work" -caf "$out" minet
echo "$out: $(du -h "$out" | cut -f1)"
