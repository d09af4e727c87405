#!/usr/bin/env bash
# Prints the build and start-up times of docs/benchmarks.md for this machine. Run nothing else meanwhile.
#
#   scripts/measure.sh build             clean build and one-file rebuild, without ccache (minutes)
#   scripts/measure.sh start CORPUS      mi_generate, whole process: 4 s of sound, paper preset
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seconds() { local began; began=$(date +%s.%N); "$@" >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; exit 1; }; echo "$(date +%s.%N) $began" | awk '{printf "%.1f s\n", $1 - $2}'; }

case ${1:-} in
  build)
    export CCACHE_DISABLE=1
    scripts/configure.sh release -B "$work/build"
    echo "processors: $(nproc), $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs)"
    echo "clean build, programs only: $(seconds ninja -C "$work/build" mi_prepare mi_train mi_generate mi_eval)"
    echo "the tests on top: $(seconds ninja -C "$work/build")"
    touch src/models/prior.cpp
    echo "rebuild after a change in src/models/prior.cpp, mi_generate: $(seconds ninja -C "$work/build" mi_generate)"
    touch src/audio/stft.cpp
    echo "rebuild after a change in src/audio/stft.cpp, mi_prepare: $(seconds ninja -C "$work/build" mi_prepare)"
    ;;
  start)
    corpus=${2:?a prepared corpus}
    bin=build/release/bin
    # The weights do not affect the time: a model of the paper's size after a few steps.
    $bin/mi_train configs/paper.yaml --corpus "$corpus" --run "$work/run" --quiet \
      --set vqvae_training.steps=3 --set vqvae.plain_steps=1 --set vqvae_training.batch=1 \
      --set vqvae.kmeans_vectors=1024 --set vqvae_training.warmup_steps=1 --set prior_training.steps=1 \
      --set prior_training.batch=1 --set prior_training.warmup_steps=1 --set run.evaluate_clips=1
    pose=$(ls "$corpus"/*/pose.npy | head -1)
    notes=${pose%pose.npy}notes.csv
    for extra in "" "--notes $notes"; do
      for threads in 1 2; do
        for try in 1 2 3 4 5; do
          # shellcheck disable=SC2086
          /usr/bin/time -f "%e %M" $bin/mi_generate -q --model "$work/run" --pose "$pose" --seconds 4 \
            --threads $threads $extra -o "$work/out.wav" --force 2>&1
        done | sort -n | awk -v what="${extra:+with notes, }$threads thread(s)" \
          'NR == 3 { printf "%s: median of 5: %.2f s, %.0f MB\n", what, $1, $2 / 1000 }'
      done
    done
    ;;
  *)
    sed -n '2,5s/^# \{0,1\}//p' "$0"
    [ "${1:-}" = --help ] && exit 0 || exit 2
    ;;
esac
