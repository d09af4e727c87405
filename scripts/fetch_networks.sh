#!/usr/bin/env bash
# Fetches the networks that find a body in an image (`mi_prepare video`) into .venv/share/minet/vision: five files,
# 17 MB, from the package mediapipe 0.10.21 (Apache-2.0; nothing in the package is run). scripts/setup.sh calls it.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.venv/share/minet/vision
sums=$PWD/scripts/networks.sha256
complete() { (cd "$1" 2>/dev/null && sha256sum --status --check "$sums" 2>/dev/null); }
complete $folder && exit 0

echo "Fetching the networks of MediaPipe 0.10.21 into $folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
  --platform manylinux_2_28_x86_64 --dest "$work" mediapipe==0.10.21
python3 - "$work" <<'EOF'
import pathlib, sys, zipfile
work = pathlib.Path(sys.argv[1])
wanted = ("pose_detection", "pose_landmark_full", "palm_detection_full", "hand_landmark_full", "hand_recrop")
(work / "out").mkdir()
with zipfile.ZipFile(next(work.glob("*.whl"))) as package:
    for name in package.namelist():
        path = pathlib.PurePosixPath(name)
        if (path.suffix == ".tflite" and path.stem in wanted) or name.endswith(".dist-info/LICENSE"):
            (work / "out" / path.name).write_bytes(package.read(name))
EOF
complete "$work/out" ||
  { echo "fetch_networks.sh: expected the files of scripts/networks.sha256, got others" >&2; exit 1; }
mkdir -p $folder
mv "$work"/out/* $folder/
