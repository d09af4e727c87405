#!/usr/bin/env bash
# First, something to see and hear: the trained models in models/ play unseen players, from their
# movements alone and with notes: demo/listen/index.html, under a minute after building. Then the
# whole procedure on a small corpus that the project makes itself: players -> corpus -> training ->
# music -> evaluation, about 15 minutes on two cores.
#
#   scripts/demo.sh [--listen] [--quick] [--data DIR] [--out DIR]      default: demo/
#
#   --listen   stop after the trained models
#   --quick    train for about 5 minutes, with poorer sound
#   --data     folder with solos/skeleton_*.npy (keypoints of Solos): also shows these players on the page
#
# After an interruption, run it again: finished steps are kept, and training resumes.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."

out=demo listen_only=no data=
tracks=65 seconds=40 settings=()
while [ $# -gt 0 ]; do
  case $1 in
    --quick) tracks=31 seconds=20
             settings=(--set vqvae_training.steps=300 --set prior_training.steps=120) ;;
    --listen) listen_only=yes ;;
    --data) data=$(cd "$here" && realpath "${2:?--data needs a folder}"); shift ;;
    --out) out=$(cd "$here" && realpath -m "${2:?--out needs a folder}"); shift ;;
    *) sed -n '2,14s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0 || exit 2 ;;
  esac
  shift
done

scripts/setup.sh --no-build
scripts/configure.sh release
cmake --build --preset first  # mi_prepare and mi_eval; the others are built once there is something to hear
bin=build/release/bin
say() { printf '\n== %s\n' "$*"; }
run() { echo "\$ $*"; "$@"; }
mkdir -p "$out"

ids() { python3 - "$@" <<'PYTHON'
import csv, sys
table, split, *instruments = sys.argv[1:]
rows = [row for row in csv.DictReader(open(table)) if split in ("", row["split"])]
if instruments:  # the first of each
    rows = [next(row for row in rows if row["instrument"] == name) for name in instruments]
print(*[row["id"] for row in rows])
PYTHON
}

say "Listen: trained models play players that they have never seen"
[ -d "$out/unseen-players" ] ||
  run $bin/mi_prepare orchestra --out "$out/unseen-players" --tracks 16 --seconds 8 --seed 77 --no-mix --quiet
[ -d "$out/unseen" ] || run $bin/mi_prepare folder --table "$out/unseen-players/tracks.csv" --out "$out/unseen" --quiet
players=()
for id in $(ids "$out/unseen/tracks.csv" "" vn fl tpt vc); do players+=(--track "$id"); done
for skeleton in ${data:+"$data"/solos/skeleton_*.npy}; do [ ! -f "$skeleton" ] || players+=(--player "$skeleton"); done
run $bin/mi_eval examples --model models/plus --model models/paper --corpus "$out/unseen" "${players[@]}" \
  --title "Players that the models have never seen" --out "$out/listen" --force --quiet
echo "Open $out/listen/index.html in a browser (what these models are and can do: models/README.md)"
[ $listen_only = no ] || exit 0

say "Building the other programs"
cmake --build --preset programs

say "Players: a synthetic orchestra (sound, keypoints, notes)"
[ -d "$out/players" ] || run $bin/mi_prepare orchestra --out "$out/players" --tracks $tracks --seconds $seconds

say "Corpus: 16 kHz sound, 47 joints at 25 fps"
[ -d "$out/corpus" ] || run $bin/mi_prepare folder --table "$out/players/tracks.csv" --out "$out/corpus"
run $bin/mi_prepare check "$out/corpus"

say "Training: VQ-VAE, then body encoder and prior"
if [ -d "$out/run" ]; then
  run $bin/mi_train --resume "$out/run"
else
  run $bin/mi_train configs/tiny.yaml --corpus "$out/corpus" --run "$out/run" "${settings[@]}"
fi

say "Music: players that were not trained on"
mkdir -p "$out/music"
for id in $(ids "$out/corpus/tracks.csv" test); do
  run $bin/mi_generate --model "$out/run" --pose "$out/corpus/$id/pose.npy" --notes "$out/corpus/$id/notes.csv" \
    --seconds 8 --temperature 0.7 --force -o "$out/music/$id-with-notes.wav"
  run $bin/mi_generate --model "$out/run" --pose "$out/corpus/$id/pose.npy" \
    --seconds 8 --force -o "$out/music/$id.wav"
done

say "Evaluation: beside the trivial baselines"
run $bin/mi_eval reconstruction --model "$out/run" --corpus "$out/corpus" --json "$out/reconstruction.json" --force
run $bin/mi_eval nll --model "$out/run" --corpus "$out/corpus" --json "$out/nll.json" --force

say "Done: listen to $out/music/*.wav; curves: tensorboard --logdir $out/run/tensorboard"
