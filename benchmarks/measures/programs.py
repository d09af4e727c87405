"""generate and prepare: whole processes, cold."""

from __future__ import annotations

import json
import pathlib

import numpy as np
from harness import Timing
from lines import Line
from measures import measure


def long_pose(bench, pose: pathlib.Path, seconds: float) -> pathlib.Path:
    """The track's keypoints, repeated to a recording of that length."""
    frames = int(seconds * 25)
    known = np.load(pose)
    path = bench.scratch / f"pose-{seconds}.npy"
    np.save(path, np.concatenate([known] * (frames // len(known) + 1))[:frames])
    return path


def generate_side(bench, name: str, seconds: float, notes: pathlib.Path | None = None):
    pose, _ = bench.material.track()
    return bench.ours(
        name, "mi_generate", "-q", "--model", bench.material.paper_model(), "--pose",
        long_pose(bench, pose, seconds), "--seconds", seconds, "--threads", 1, "--force", "-o",
        bench.scratch / f"{name}.wav", *(["--notes", notes] if notes else []), cold=True)


@measure("generate")
def generate(bench) -> list[Line]:
    seconds = 4
    pose, notes = bench.material.track()
    weights = bench.material.paper_model() / "model.safetensors"
    lines = []
    for played in (None, notes):
        theirs = bench.peer("PyTorch and librosa", "generate.py", weights, pose, seconds,
                            bench.scratch / "peer.wav", *(["--notes", played] if played else []),
                            cold=True)
        found = bench.race([generate_side(bench, "ours", seconds, played), theirs])
        ours, peer = found["ours"], found[theirs.name]
        lines.append(Line("generate", f"{seconds} s from keypoints{' and notes' if played else ''}, "
                          "cold process, paper preset", theirs.name, ours, peer, aim=8,
                          note=f"peak memory {ours.peak_mb:.0f} and {peer.peak_mb:.0f} MB"))
    long = 30 if bench.quick else 600
    found = bench.race([generate_side(bench, "short", seconds),
                        generate_side(bench, "ours", long)], rounds=2)
    short, ours = found["short"], found["ours"]
    share = (ours.median - short.median) / (long - seconds)
    lines.append(Line("generate", f"{long} s of music", "real time", ours,
                      Timing("real time", [float(long)]), aim=20,
                      note=f"{share:.2%} of real time after start-up; peak memory "
                      f"{ours.peak_mb:.0f} MB, of {seconds} s {short.peak_mb:.0f} MB"))
    return lines


@measure("prepare")
def prepare(bench) -> list[Line]:
    players = bench.material.players()
    tracks = len(list(players.glob("*/AuSep_*.wav")))
    seconds = sum(path.stat().st_size for path in players.glob("*/AuSep_*.wav")) / 2 / 48000
    theirs = bench.peer("soundfile, soxr, librosa, json", "prepare.py", players,
                        bench.scratch / "peer", cold=True)
    found = bench.race([prepare_side(bench, players), theirs])
    ours, peer = found["ours"], found[theirs.name]
    return [Line("prepare", f"{tracks} tracks in URMP's layout ({seconds:.0f} s of 48 kHz sound, "
                 "OpenPose files) to a corpus", theirs.name, ours, peer, aim=5,
                 note=f"peak memory {ours.peak_mb:.0f} and {peer.peak_mb:.0f} MB")]


def prepare_side(bench, players: pathlib.Path, name: str = "ours"):
    return bench.ours(name, "mi_prepare", "urmp", "--root", players, "--pose", players, "--out",
                      bench.scratch / name, "--threads", 1, "--force", "-q", cold=True)


@measure("pitch")
def pitch(bench) -> list[Line]:
    """peers/pitch.py takes its own turns, file by file; the fastest of them count."""
    out = bench.scratch / "pitch.json"
    side = bench.peer("librosa pyin", "pitch.py", "--program", bench.program("pitch_tracks"),
                      "--orchestra", bench.material.players(), "--parts", 1 if bench.quick else 2,
                      "--rounds", bench.rounds, "--json", out)
    bench.run_alone(side)
    (found,) = json.loads(out.read_text()).values()
    agreement = (f"within 50 cents of each other in {found['within']:.1%} of the frames that both "
                 f"call voiced; right in {found['ours']['accuracy']:.1%} and "
                 f"{found['pyin']['accuracy']:.1%} of the frames of known notes")
    return [Line("pitch", f"pitch tracks of {found['seconds']:.0f} s", side.name,
                 Timing("ours", [found["ours_s"]]), Timing(side.name, [found["peer_s"]]),
                 note=agreement)]
