#!/usr/bin/env python3
"""Checks with an independent pitch tracker whether a trained model plays the notes.

Run manually with a Python that has librosa and soundfile, after a build:

    python tests/reference/pitch_check.py --run RUN --corpus CORPUS [--programs build/release/bin]

1. Reconstruction: clips of the split as recorded (real), with the recorded magnitudes and
   reconstructed phases (inverted), and through the VQ-VAE's codes (reconstruction). For each, the
   share of in-note frames whose pitch is within 50 cents of the note.
2. Content, if the model and the corpus have notes: pieces made by mi_generate from the poses and
   notes of the split's tracks, scored against their own notes, and against another track's notes
   (never given to the model), which is the chance level.

A frame counts if it lies inside a note, more than 50 ms after its onset and before its end. The
tracker is YIN or pYIN, 30 to 2100 Hz; pYIN's unvoiced frames count as wrong. It cannot judge music
with several simultaneous notes, or unpitched instruments.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import librosa
import numpy as np
import soundfile

FMIN, FMAX, HOP, WINDOW = 30.0, 2100.0, 256, 2048  # Hz and samples at 16 kHz
MARGIN_S, CENTS = 0.05, 50.0


def read_notes(path):
    """Rows (onset s, end s, MIDI number)."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [(float(r["onset_s"]), float(r["duration_s"]), float(r["pitch"]))
                for r in csv.DictReader(file)]
    return [(onset, onset + duration, pitch) for onset, duration, pitch in rows]


def notes_on_grid(notes, times):
    """The note at each time, NaN outside the notes and within the margins."""
    grid = np.full(len(times), np.nan)
    for onset, end, pitch in notes:
        grid[(times > onset + MARGIN_S) & (times < end - MARGIN_S)] = pitch
    return grid


def track_pitch(samples, rate, tracker):
    """Fractional MIDI numbers and times; NaN where there is no pitch."""
    common = dict(fmin=FMIN, fmax=FMAX, sr=rate, frame_length=WINDOW, hop_length=HOP)
    if tracker == "pyin":
        hertz, voiced, _ = librosa.pyin(samples, **common)
        hertz = np.where(voiced, hertz, np.nan)
    else:
        hertz = librosa.yin(samples, **common)
    with np.errstate(divide="ignore", invalid="ignore"):
        midi = librosa.hz_to_midi(hertz)
    return midi, np.arange(len(midi)) * HOP / rate


class Score:
    """Counts frames: how many lie in notes, and how many of these have the note's pitch (or its
    pitch class, ignoring octave errors)."""

    def __init__(self):
        self.frames = self.right = self.right_class = 0

    def add(self, midi, times, notes):
        grid = notes_on_grid(notes, times)
        inside = np.isfinite(grid)
        with np.errstate(invalid="ignore"):
            off = np.abs(midi - grid)[inside]
            off_class = np.abs((off + 6) % 12 - 6)
            self.frames += int(inside.sum())
            self.right += int((off <= CENTS / 100).sum())
            self.right_class += int((off_class <= CENTS / 100).sum())

    def as_json(self):
        share = lambda n: n / self.frames if self.frames else None
        return {"frames": self.frames, "pitch": share(self.right),
                "pitch_class": share(self.right_class)}

    def cells(self):
        if not self.frames:
            return ["-", "-", "0"]
        return [f"{self.right / self.frames:.3f}", f"{self.right_class / self.frames:.3f}",
                str(self.frames)]


def run(command, allow_failure=False):
    result = subprocess.run([str(part) for part in command], text=True, capture_output=True)
    if result.returncode == 0:
        return None
    if allow_failure:
        return result.stderr.strip()
    sys.exit(f"{command[0]} failed: {result.stderr.strip()}")


def check_reconstruction(args, folder):
    sounds = folder / "sound"
    run([args.programs / "mi_eval", "reconstruction", "--model", args.run, "--corpus", args.corpus,
         "--split", args.split, "--clips", args.clips, "--seed", args.seed, "--quiet",
         "--threads", args.threads, "--device", args.device, "--sound", sounds, "--force"])
    scores = {kind: Score() for kind in ("real", "inverted", "reconstruction")}
    by_track = {}
    for table in sorted(sounds.glob("*-notes.csv")):
        stem = table.name.removesuffix("notes.csv")
        notes = read_notes(table)
        for kind, score in scores.items():
            samples, rate = soundfile.read(sounds / f"{stem}{kind}.wav", dtype="float32")
            midi, times = track_pitch(samples, rate, args.tracker)
            score.add(midi, times, notes)
            track = stem.rstrip("-").rpartition("-")[0]
            by_track.setdefault(track, {}).setdefault(kind, Score()).add(midi, times, notes)
    return scores, by_track


def tracks_with_notes(args):
    with open(args.corpus / "tracks.csv", newline="", encoding="utf-8") as file:
        return [row["id"] for row in csv.DictReader(file)
                if row["split"] == args.split and row["notes"] == "1"]


def check_content(args, folder):
    """Scores by temperature, or a sentence that explains why there are none."""
    tracks = tracks_with_notes(args)
    if len(tracks) < 2:
        return f"split '{args.split}' has {len(tracks)} tracks with notes, two are needed"
    notes = {track: read_notes(args.corpus / track / "notes.csv") for track in tracks}
    results = {}
    for temperature in args.temperature:
        own, other = Score(), Score()
        for i, track in enumerate(tracks[:args.pieces]):
            wav = folder / f"content-{temperature}-{track}.wav"
            pose, score = (args.corpus / track / name for name in ("pose.npy", "notes.csv"))
            problem = run([args.programs / "mi_generate", "--model", args.run, "--pose", pose,
                           "--notes", score, "-o", wav, "--seconds", args.seconds, "--seed",
                           args.seed + i, "--temperature", temperature, "--threads", args.threads,
                           "--quiet", "--force"], allow_failure=True)
            if problem:
                return problem
            samples, rate = soundfile.read(wav, dtype="float32")
            midi, times = track_pitch(samples, rate, args.tracker)
            own.add(midi, times, notes[track])
            other.add(midi, times, notes[tracks[(i + 1) % len(tracks)]])
        results[temperature] = (own, other)
    return results


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        first, *rest = row
        print("  ".join([first.ljust(widths[0])] +
                        [cell.rjust(width) for cell, width in zip(rest, widths[1:])]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--corpus", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path, default=pathlib.Path("build/release/bin"))
    parser.add_argument("--split", default="test")
    parser.add_argument("--clips", type=int, default=39, help="of the reconstruction")
    parser.add_argument("--pieces", type=int, default=13, help="of the content check; 0: none")
    parser.add_argument("--seconds", type=float, default=8, help="of each piece")
    parser.add_argument("--temperature", type=float, nargs="+", default=[1.0, 0.7])
    parser.add_argument("--tracker", choices=["yin", "pyin"], default="yin")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="of the reconstruction")
    parser.add_argument("--work", type=pathlib.Path, help="keep the sounds in this folder")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    parser.add_argument("--by-track", action="store_true", help="reconstruction track by track too")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        folder = args.work or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        scores, by_track = check_reconstruction(args, folder)
        content = check_content(args, folder) if args.pieces > 0 else "not asked for"

    rows = [["share of in-note frames within 50 cents", "pitch", "any octave", "frames"]]
    figures = {"tracker": args.tracker, "reconstruction": {}, "content": {}}
    for kind, score in scores.items():
        rows.append([kind] + score.cells())
        figures["reconstruction"][kind] = score.as_json()
    if args.by_track:
        for track, kinds in by_track.items():
            rows += [[f"  {track}, {kind}"] + score.cells() for kind, score in kinds.items()]
    if isinstance(content, dict):
        for temperature, (own, other) in content.items():
            rows.append([f"generated at T = {temperature}, its own notes"] + own.cells())
            rows.append(["  another track's notes (chance)"] + other.cells())
            figures["content"][str(temperature)] = {"own": own.as_json(), "other": other.as_json()}
    print_table(rows)
    if not isinstance(content, dict):
        print(f"no content check: {content}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
