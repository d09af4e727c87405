#!/usr/bin/env bash
# Benchmarks minet against other tools: installs those, builds, and runs benchmarks/bench.py.
#
#   scripts/bench.sh [--only NAME] [--quick] [--json OUT] [--docs] [...]      all options: --help
#
# Installs Python packages into .venv-bench (5 GB: torch for Python includes its CUDA libraries, which it
# loads even without a GPU).
set -euo pipefail
cd "$(dirname "$0")/.."

requirements=benchmarks/peers/requirements.txt
marker=.venv-bench/$(sha256sum "$requirements" | cut -c1-16)
if [ ! -e "$marker" ]; then
  echo "Installing the peers into .venv-bench" >&2
  [ -x .venv-bench/bin/python ] || python3 -m venv .venv-bench
  .venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
  touch "$marker"
fi
case " $* " in *" --help "* | *" -h "*) exec .venv-bench/bin/python benchmarks/bench.py --help ;; esac

scripts/setup.sh --no-build >&2
scripts/configure.sh release
cmake --build --preset release --target mi_prepare mi_train mi_generate mi_eval bench_programs >&2
exec .venv-bench/bin/python benchmarks/bench.py "$@"
