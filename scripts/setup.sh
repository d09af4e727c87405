#!/usr/bin/env bash
# Installs what minet needs on Debian 12 (as root or with sudo) and builds the four programs.
# Running it again only does what is still missing.
#
#   scripts/setup.sh [--no-build] [--tests] [--checks] [--cuda] [--cpu]
#
#   --tests          also build the tests, and install what only they need: Chromium, for the listening page;
#                    dpkg-dev, for the Debian packages; Pure Data, for its example; numpy, safetensors and
#                    onnxruntime, for the Python package
#   --checks         also install what CI needs: clang (for fuzzing), clang-format
#                    and clang-tidy, doxygen; and gcovr, for scripts/coverage.sh
#   --cuda / --cpu   install torch with CUDA, or the smaller set that a machine without an NVIDIA GPU
#                    needs (default: CUDA if there is an NVIDIA driver)
set -euo pipefail
cd "$(dirname "$0")/.."

build=yes
tests=no
checks=no
wheels=$([ -e /proc/driver/nvidia/version ] && echo cuda || echo cpu)
for argument in "$@"; do
  case $argument in
    --no-build) build=no ;;
    --tests) tests=yes ;;
    --checks) checks=yes ;;
    --cuda) wheels=cuda ;;
    --cpu) wheels=cpu ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0"; [ "$argument" = --help ] && exit 0 || exit 2 ;;
  esac
done

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'; }

packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates python3 python3-venv
  libsndfile1-dev libfftw3-dev libsoxr-dev libyaml-cpp-dev libspdlog-dev libcli11-dev
  nlohmann-json3-dev libssl-dev libpng-dev libebur128-dev libgtest-dev libbenchmark-dev
  libopencv-core-dev libopencv-imgproc-dev libopencv-videoio-dev liblo-dev librtaudio-dev
  ffmpeg fluidsynth fluid-soundfont-gm time
)
[ "$tests" = yes ] && packages+=(chromium dpkg-dev puredata-core)
# librtaudio-dev needs JACK's files. Those of JACK 1, apt's default, would remove an installed jackd2.
installed libjack-dev || packages+=(libjack-jackd2-dev)
[ "$checks" = yes ] && packages+=(clang libclang-rt-dev clang-format clang-tidy doxygen gcovr)
missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing Debian packages: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup.sh: these Debian packages are missing, and neither root nor sudo is available: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-remove --no-install-recommends "${missing[@]}" >/dev/null
fi

# The small set has what the CPU part of LibTorch loads: 1.3 GB on disk instead of 4.7 GB.
marker=.venv/torch-2.11.0-$wheels
if [ ! -e "$marker" ]; then
  echo "Installing torch 2.11.0 ($wheels) into .venv"
  [ -x .venv/bin/pip ] || python3 -m venv .venv
  if [ "$wheels" = cuda ]; then
    .venv/bin/pip install --quiet torch==2.11.0
  else
    .venv/bin/pip install --quiet --no-deps torch==2.11.0 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85
  fi
  touch "$marker"
fi
scripts/fetch_networks.sh

# For tests/python: 165 MB, 10 s (torch.optim imports sympy); and for checking ONNX files: 36 MB of wheels, 4 s.
if [ "$tests" = yes ] && ! .venv/bin/python -c 'import numpy, safetensors, sympy, typing_extensions, onnx, onnxruntime' 2>/dev/null; then
  .venv/bin/pip install --quiet --no-deps numpy==2.4.6 safetensors==0.8.0 typing_extensions==4.15.0 \
    sympy==1.14.0 mpmath==1.3.0 \
    onnx==1.23.2 onnxruntime==1.32.0 flatbuffers==25.12.19 ml_dtypes==0.6.0 packaging==26.4 protobuf==7.36.2
fi

if [ "$build" = yes ]; then
  scripts/configure.sh release
  cmake --build --preset "$([ "$tests" = yes ] && echo release || echo programs)"
  echo "Ready: the programs are in build/release/bin/"
fi
