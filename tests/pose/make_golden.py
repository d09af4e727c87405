"""Golden data for gap filling, by an independent implementation (numpy's interp) of the two rules.

Writes gaps_raw.npy, gaps_filled_paper.npy and gaps_filled_solos.npy, float32 [frames, 47, 3], into
golden/ beside this file. Random joints with seed 7; about 45 % gaps of every kind: single, runs, at both ends,
whole frames, a joint with junk only, a joint never seen.

    python tests/pose/make_golden.py
"""

from pathlib import Path

import numpy as np

FRAMES, JOINTS, THRESHOLD = 24, 47, 0.2


def parents():
    table = [-1, 0, 1, 2, 0, 4, 5]
    for wrist, first in ((3, 7), (6, 27)):
        table += [wrist if i % 4 == 0 else first + i - 1 for i in range(20)]
    return table


def made_raw(rng):
    raw = np.zeros((FRAMES, JOINTS, 3))
    raw[..., :2] = rng.uniform(100, 900, (1, JOINTS, 2)) + rng.normal(0, 15, (FRAMES, JOINTS, 2))
    raw[..., 2] = rng.uniform(0.25, 1, (FRAMES, JOINTS))
    absent = rng.random((FRAMES, JOINTS)) < 0.2
    absent[6:10, 27:47] = True  # a hand leaves
    absent[0:3, 2] = absent[-4:, 5] = True  # one elbow at the start, the other at the end
    absent[13] = True  # a frame without a person
    absent[:, 33] = True  # never seen
    raw[absent] = 0
    junk = (rng.random((FRAMES, JOINTS)) < 0.15) & ~absent
    junk[:, 12] = ~absent[:, 12]  # only ever junk
    raw[junk, 2] = rng.uniform(0.001, 0.19, junk.sum())
    return raw.astype(np.float32)


def filled(raw, rule):
    """paper: only gaps change, relative to the filled parent. solos: all joints, relative to the parent's raw value."""
    values = raw.astype(np.float64)
    result = values.copy()
    time = np.arange(len(raw))
    for joint, parent in enumerate(parents()):
        parents_xy = result if rule == "paper" else values
        relative = values[:, joint, :2] - (parents_xy[:, parent, :2] if parent >= 0 else 0)
        seen = raw[:, joint, 2] > 0
        mean = relative[seen].mean(axis=0) if seen.any() else np.zeros(2)
        good = raw[:, joint, 2] > THRESHOLD
        for axis in range(2):
            track = np.interp(
                time,
                np.concatenate([[-1], time[good], [len(raw)]]),
                np.concatenate([[mean[axis]], relative[good, axis], [mean[axis]]]),
            )
            moved = track + (result[:, parent, axis] if parent >= 0 else 0)
            stays = good & (rule == "paper")
            result[:, joint, axis] = np.where(stays, values[:, joint, axis], moved)
    return result.astype(np.float32)


if __name__ == "__main__":
    folder = Path(__file__).parent / "golden"
    folder.mkdir(exist_ok=True)
    raw = made_raw(np.random.default_rng(7))
    np.save(folder / "gaps_raw.npy", raw)
    for rule in ("paper", "solos"):
        np.save(folder / f"gaps_filled_{rule}.npy", filled(raw, rule))
