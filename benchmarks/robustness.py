#!/usr/bin/env python3
"""How much a model loses when players are filmed differently: `mi_eval knn` and `mi_eval notes` on the test tracks of a
table as they are, mirrored, scaled, with gaps, and from another camera.

    benchmarks/robustness.py --table TRACKS.csv --model MODEL [--bin build/release/bin] [--clips N]

The table is one of `mi_prepare orchestra` (poses in .npy files [frames, 47, 3]); its training tracks, from which
classifier and neighbours come, stay unchanged. Prints one line per variant: 1-NN on body vectors and on raw poses;
with --clips, from keypoints alone: onset F1, frames with the right note, instrument heard; and the last with notes.
"""

from __future__ import annotations

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

import numpy as np

RIGHT, LEFT = [1, 2, 3, *range(7, 27)], [4, 5, 6, *range(27, 47)]
CENTRE = np.array([960.0, 540.0])  # of the image


def mirrored(pose, random):
    """The video mirrored: an estimator then takes the right hand for the left one."""
    out = pose.copy()
    out[:, RIGHT], out[:, LEFT] = pose[:, LEFT], pose[:, RIGHT]
    out[..., 0] = 2 * CENTRE[0] - out[..., 0]
    return out


def scaled(pose, random):
    """Half as large, and elsewhere in the image."""
    out = pose.copy()
    out[..., :2] = 0.5 * (pose[..., :2] - CENTRE) + CENTRE + random.uniform(-200, 200, 2)
    return out


def with_gaps(pose, random):
    """Each hand, and each arm, is lost for 15 % of the frames, in pieces of 0.2 to 1 s."""
    out, frames = pose.copy(), len(pose)
    for joints in (range(7, 27), range(27, 47), (2, 3), (5, 6)):
        lost = np.zeros(frames, bool)
        while lost.mean() < 0.15:
            first = random.integers(frames)
            lost[first : first + random.integers(6, 31)] = True
        for joint in joints:
            out[lost, joint] = 0
    return out


def other_camera(pose, random):
    """Rolled by 6 degrees, seen 15 degrees from the side (x narrower), with perspective from left to right."""
    angle = np.radians(6) * random.choice([-1, 1])
    xy = (pose[..., :2] - CENTRE) @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    xy[..., 0] *= np.cos(np.radians(15))
    near = 1 + 0.1 * random.choice([-1, 1]) * xy[..., :1] / CENTRE[0]
    out = pose.copy()
    out[..., :2] = xy * near + CENTRE
    return out


VARIANTS = {"as filmed": None, "mirrored": mirrored, "scaled": scaled, "15 % gaps": with_gaps, "other camera": other_camera}


def write_table(rows, folder, name, change):
    """The table with changed test poses and absolute paths."""
    out = []
    for number, row in enumerate(rows):
        row = dict(row)
        if change and row["split"] == "test":
            random = np.random.default_rng([7, number])
            path = folder / f"{name}-{number}.npy"
            pose = np.load(row["pose"])
            seen = pose[..., 2:] > 0
            np.save(path, np.where(seen, change(pose, random), 0 * pose).astype(np.float32))
            row["pose"] = str(path)
        out.append(row)
    table = folder / f"{name}.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, out[0].keys())
        writer.writeheader()
        writer.writerows(out)
    return table


def measure(programs, model, corpus, metric, folder, options):
    report = folder / "report.json"
    command = [programs / "mi_eval", metric, "--model", model, "--corpus", corpus, "--json", report, "--force", *options]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return json.loads(report.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True, nargs="+")
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--clips", type=int, default=0, help="clips for mi_eval notes and instrument; 0: only knn")
    arguments = parser.parse_args()
    with arguments.table.open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for column in ("audio", "pose", "notes"):
            row[column] = str((arguments.table.parent / row[column]).resolve())
    columns = ["1-NN", "raw poses"]
    if arguments.clips:
        columns += ["onset F1", "notes", "heard", "with notes"]
    print(" " * 24 + "".join(f"{column:>10}" for column in columns), flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name, change in VARIANTS.items():
            table = write_table(rows, folder, name.replace(" ", "-").replace("%", "percent"), change)
            corpus = folder / f"{table.stem}-corpus"
            prepare = [arguments.bin / "mi_prepare", "folder", "--table", table, "--out", corpus]
            subprocess.run([str(part) for part in prepare], check=True, capture_output=True)
            for model in arguments.model:
                print(f"{name:<14}{model.name:<10}" + figures(arguments, model, corpus, folder), flush=True)


def figures(arguments, model, corpus, folder) -> str:
    knn = measure(arguments.bin, model, corpus, "knn", folder, [])
    cells = [knn["accuracy"], knn["raw_pose_accuracy"]]
    if arguments.clips:
        clips = ["--clips", arguments.clips]
        alone = measure(arguments.bin, model, corpus, "notes", folder, clips)["keypoints_alone"]
        cells += [alone["onset_f1"], alone["pitch_recall"]]
        cells += [measure(arguments.bin, model, corpus, "instrument", folder, [*clips, *notes])["accuracy"]
                  for notes in ([], ["--notes"])]
    return "".join(f"{cell:>10.3f}" for cell in cells)


if __name__ == "__main__":
    main()
