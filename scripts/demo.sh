#!/usr/bin/env bash
# The main job on a small corpus that the project makes itself: players -> corpus -> training ->
# music -> evaluation. About 15 minutes on two cores; --quick: about 5, with a poorer sound.
#
#   scripts/demo.sh [--quick] [--out DIR]      default: demo/
#
# Run it again after an interruption: finished steps are kept, training goes on where it stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

out=demo
tracks=65 seconds=40 settings=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) tracks=31 seconds=20
             settings=(--set vqvae_training.steps=300 --set prior_training.steps=120) ;;
    --out) out=${2:?--out needs a folder}; shift ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
  esac
  shift
done

scripts/setup.sh
bin=build/release/bin
say() { printf '\n== %s\n' "$*"; }
run() { echo "\$ $*"; "$@"; }
mkdir -p "$out"

say "Players: a synthetic orchestra (sound, keypoints, notes)"
[ -d "$out/players" ] || run $bin/mi_prepare orchestra --out "$out/players" --tracks $tracks --seconds $seconds

say "Corpus: 16 kHz sound, 47 joints at 25 fps"
[ -d "$out/corpus" ] || run $bin/mi_prepare folder --table "$out/players/tracks.csv" --out "$out/corpus"
run $bin/mi_prepare check "$out/corpus"

say "Training: VQ-VAE, then body encoder and prior"
resume=()
[ -d "$out/run" ] && resume=(--resume)
run $bin/mi_train configs/tiny.yaml --corpus "$out/corpus" --run "$out/run" "${settings[@]}" "${resume[@]}"

say "Music: players that were not trained on"
mkdir -p "$out/music"
test_tracks=$(python3 - "$out/corpus/tracks.csv" <<'PYTHON'
import csv, sys
print(*[row["id"] for row in csv.DictReader(open(sys.argv[1])) if row["split"] == "test"])
PYTHON
)
for id in $test_tracks; do
  run $bin/mi_generate --model "$out/run" --pose "$out/corpus/$id/pose.npy" --notes "$out/corpus/$id/notes.csv" \
    --seconds 8 --temperature 0.7 --force -o "$out/music/$id-with-notes.wav"
  run $bin/mi_generate --model "$out/run" --pose "$out/corpus/$id/pose.npy" \
    --seconds 8 --force -o "$out/music/$id.wav"
done

say "Evaluation: beside the trivial baselines"
run $bin/mi_eval reconstruction --model "$out/run" --corpus "$out/corpus" --json "$out/reconstruction.json" --force
run $bin/mi_eval nll --model "$out/run" --corpus "$out/corpus" --json "$out/nll.json" --force

say "Done: listen to $out/music/*.wav; curves: tensorboard --logdir $out/run/tensorboard"
