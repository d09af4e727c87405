#!/usr/bin/env python3
"""minet's pitch tracker beside librosa.pyin: agreement, accuracy if the notes are known, and time.

    python benchmarks/peers/pitch.py --program build/release/bin/pitch_tracks \\
        [--sounds FILE...] [--orchestra FOLDER...] [--low 30] [--high 2100] [--rounds 1] [--json OUT]

--sounds: any recordings; agreement and time only. --orchestra: folders made by mi_prepare
orchestra (URMP's layout); every part AuSep_*.wav is also scored against its Notes_*.txt and, in
finer detail, its F0s_*.txt. One thread each, the two alternating file by file. pYIN: librosa's
defaults except for the range, frames of 2048 and a hop of 256 samples at 16 kHz.

both: frames that both call voiced. within: of these, the share within 50 cents. voicing: share of
frames in which the two agree on voicing. Accuracy: share of the frames inside a note (50 ms from
its ends) that are within 50 cents of it; unvoiced frames count as wrong. False: share of frames
outside all notes (from 300 ms after one's end to 50 ms before the next) that are called voiced.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import librosa  # noqa: E402
import numpy as np  # noqa: E402
import soundfile  # noqa: E402
import soxr  # noqa: E402

RATE, HOP, WINDOW, MARGIN_S, CENTS = 16000, 256, 2048, 0.05, 50.0


def cents(a, b):
    return 1200 * np.abs(np.log2(a / b))


def ours(args, path, folder):
    out = subprocess.run([args.program, str(args.low), str(args.high), folder, path], check=True,
                         text=True, capture_output=True).stdout.split()
    return np.loadtxt(pathlib.Path(folder) / "0.txt", ndmin=1), float(out[2])


def peer(args, path):
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = samples.mean(axis=1)
    if rate != RATE:
        samples = soxr.resample(samples, rate, RATE, quality="HQ")
    start = time.perf_counter()
    hz, voiced, _ = librosa.pyin(samples, fmin=args.low, fmax=args.high, sr=RATE,
                                 frame_length=WINDOW, hop_length=HOP)
    return np.where(voiced, hz, 0.0), time.perf_counter() - start, len(samples) / RATE


def load_table(path):
    return np.loadtxt(path, ndmin=2)


def score_notes(hz, notes):
    """Numbers of frames in notes, right ones, frames outside, false ones."""
    times = np.arange(len(hz)) * HOP / RATE
    pitch = np.zeros(len(hz))
    near = np.zeros(len(hz), bool)
    for onset, note_hz, duration in notes[:, :3]:
        pitch[(times > onset + MARGIN_S) & (times < onset + duration - MARGIN_S)] = note_hz
        # A sound rings on after its note: 300 ms.
        near |= (times > onset - MARGIN_S) & (times < onset + duration + 0.3)
    inside, outside = pitch > 0, ~near
    sounding = inside & (hz > 0)
    good = int((cents(hz[sounding], pitch[sounding]) <= CENTS).sum())
    return int(inside.sum()), good, int(outside.sum()), int((outside & (hz > 0)).sum())


def score_f0(hz, table):
    """Number of frames with a known true f0, and of those within 50 cents of it."""
    times = np.arange(len(hz)) * HOP / RATE
    nearest = np.clip(np.round(times / 0.01).astype(int), 0, len(table) - 1)
    truth = table[nearest, 1]
    sounding = (truth > 0) & (hz > 0)
    return int((truth > 0).sum()), int((cents(hz[sounding], truth[sounding]) <= CENTS).sum())


def parts_of(folder):
    for sound in sorted(pathlib.Path(folder).glob("*/AuSep_*.wav")):
        stem = sound.stem.removeprefix("AuSep_")
        yield sound, sound.with_name(f"Notes_{stem}.txt"), sound.with_name(f"F0s_{stem}.txt")


def measure(args, items, folder):
    total = dict.fromkeys(["frames", "both", "within", "voicing", "seconds", "ours_s", "peer_s"], 0)
    keys = ["notes", "right", "outside", "false", "f0", "f0_right"]
    ours_score, peer_score = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0)
    for sound, notes, f0 in items:
        times = {"ours": [], "peer": []}
        for _ in range(args.rounds):
            a, took = ours(args, sound, folder)
            times["ours"].append(took)
            b, took, seconds = peer(args, sound)
            times["peer"].append(took)
        n = min(len(a), len(b))
        a, b = a[:n], b[:n]
        both = (a > 0) & (b > 0)
        within = int((cents(a[both], b[both]) <= CENTS).sum())
        total["frames"] += n
        total["both"] += int(both.sum())
        total["within"] += within
        total["voicing"] += int(((a > 0) == (b > 0)).sum())
        total["seconds"] += seconds
        total["ours_s"] += min(times["ours"])
        total["peer_s"] += min(times["peer"])
        line = f"{sound.name[:40]:40} {within / max(1, both.sum()):.3f}"
        if notes is not None:
            for hz, score in ((a, ours_score), (b, peer_score)):
                found = score_notes(hz, load_table(notes)) + score_f0(hz, load_table(f0))
                for key, value in zip(keys, found):
                    score[key] += value
                line += f"  {found[1] / max(1, found[0]):.3f} {found[3] / max(1, found[2]):.3f}"
        if args.verbose:
            print(line)
    share = lambda a, b: a / b if b else None
    result = {"sounds": len(items), "seconds": total["seconds"],
              "both": share(total["both"], total["frames"]),
              "within": share(total["within"], total["both"]),
              "voicing": share(total["voicing"], total["frames"]),
              "ours_s": total["ours_s"], "peer_s": total["peer_s"],
              "ratio": share(total["peer_s"], total["ours_s"])}
    for name, score in (("ours", ours_score), ("pyin", peer_score)):
        if score["notes"]:
            result[name] = {"accuracy": share(score["right"], score["notes"]),
                            "false": share(score["false"], score["outside"]),
                            "f0_accuracy": share(score["f0_right"], score["f0"])}
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--sounds", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--orchestra", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument("--low", type=float, default=30)
    parser.add_argument("--high", type=float, default=2100)
    parser.add_argument("--rounds", type=int, default=1, help="rounds, of which the fastest counts")
    parser.add_argument("--parts", type=int, default=0, help="parts of each folder, spread evenly; 0: all")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()

    groups = []
    if args.sounds:
        groups.append(("sounds", [(path, None, None) for path in args.sounds]))
    for folder in args.orchestra:
        parts = list(parts_of(folder))
        if args.parts:
            parts = [parts[i * len(parts) // args.parts] for i in range(args.parts)]
        groups.append((str(folder), parts))
    librosa.pyin(np.zeros(RATE, np.float32), fmin=args.low, fmax=args.high, sr=RATE,
                 frame_length=WINDOW, hop_length=HOP)  # compiles
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        for name, items in groups:
            results[name] = measure(args, items, temporary)
            print(name, json.dumps(results[name], indent=1))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
