#!/usr/bin/env python3
"""Compares the keypoints of mi_prepare video with those of MediaPipe's own Python solution, on the same videos.

  python3 -m venv V && V/bin/pip install mediapipe==0.10.21 "numpy<2"
  V/bin/python tests/vision/compare_with_mediapipe.py build/release/bin/mi_video FILM...

Distances are in pixels, over frames in which both found the joint. The row "itself" compares MediaPipe with itself
after every grey level was changed by one: it uses each result to choose where to look next, so that small differences
grow. Times are CPU times, both pinned to one core, in alternation, without decoding and loading.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

os.environ["GLOG_minloglevel"] = "3"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import cv2
import mediapipe
import numpy as np

GROUPS = {"shoulders": [("pose", 11), ("pose", 12)], "elbows": [("pose", 13), ("pose", 14)],
          "wrists": [("pose", 15), ("pose", 16)], "left hand": [("left_hand", i) for i in range(1, 21)],
          "right hand": [("right_hand", i) for i in range(1, 21)]}
ROUNDS = 3


def pictures(film):
    capture = cv2.VideoCapture(film, cv2.CAP_FFMPEG)
    while True:
        there, bgr = capture.read()
        if not there:
            return
        yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def mediapipe_points(film, change=0):
    """Per frame {part: [[x, y], ...] or []} in pixels, and milliseconds of CPU time per frame."""
    frames = list(pictures(film))
    model = mediapipe.solutions.holistic.Holistic(model_complexity=1, refine_face_landmarks=False)
    model.process(frames[0])
    model.reset()
    out, spent = [], 0.0
    for rgb in frames:
        if change:
            rgb = np.clip(rgb.astype(np.int16) + change, 0, 255).astype(np.uint8)
        height, width = rgb.shape[:2]
        begin = time.process_time()
        result = model.process(rgb)
        spent += time.process_time() - begin
        found = {}
        for part in ("pose", "left_hand", "right_hand"):
            marks = getattr(result, f"{part}_landmarks")
            found[part] = [[p.x * width, p.y * height] for p in marks.landmark] if marks else []
        out.append(found)
    model.close()
    return out, 1000 * spent / len(frames)


def our_points(program, film):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "points.json")
        run = subprocess.run([program, film, "-o", out, "--log-level", "debug", "--threads", "1"], capture_output=True,
                             text=True, check=True)
        with open(out, encoding="utf-8") as file:
            points = json.load(file)
    size = points["width"], points["height"]
    frames = [{part: [[p[0] * size[0], p[1] * size[1]] for p in frame[part]] for part in
               ("pose", "left_hand", "right_hand")} for frame in points["frames"]]
    return frames, float(re.search(r"([\d.]+) ms a picture", run.stderr).group(1))


def distances(one, other):
    rows = {}
    for group, joints in GROUPS.items():
        values = [np.hypot(a[part][i][0] - b[part][i][0], a[part][i][1] - b[part][i][1])
                  for a, b in zip(one, other) for part, i in joints if a[part] and b[part]]
        rows[group] = f"{np.median(values):.2f} / {np.percentile(values, 95):.2f}" if values else "-"
    return rows


def seen(frames):
    return ", ".join(f"{part} {sum(bool(f[part]) for f in frames)}" for part in ("pose", "left_hand", "right_hand"))


def main():
    program, films = sys.argv[1], sys.argv[2:]
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for film in films:
        times = []
        for _ in range(ROUNDS):
            ours, our_ms = our_points(program, film)
            theirs, their_ms = mediapipe_points(film)
            times.append((our_ms, their_ms))
        changed, _ = mediapipe_points(film, 1)
        print(f"{os.path.basename(film)}: {len(ours)} and {len(theirs)} frames")
        print(f"  seen by us: {seen(ours)}; by MediaPipe: {seen(theirs)}")
        for name, rows in (("ours", distances(ours, theirs)), ("itself", distances(changed, theirs))):
            print(f"  {name:8}" + "  ".join(f"{group} {value}" for group, value in rows.items()))
        print("  first frame " + "  ".join(f"{group} {value}" for group, value in
                                             distances(ours[:1], theirs[:1]).items()))
        for name, at in (("ours", 0), ("MediaPipe", 1)):
            values = [pair[at] for pair in times]
            print(f"  {name}: {np.median(values):.1f} ms a frame ({min(values):.1f} to {max(values):.1f})")


if __name__ == "__main__":
    main()
