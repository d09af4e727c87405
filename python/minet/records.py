"""Reads what the programs write: metrics of a run, sidecars of sounds, prepared corpora."""

from __future__ import annotations

import csv
import json
import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

import numpy as np

from .config import value_of
from .notes import read_notes
from .plus import PITCHES
from .pose import Pose, read_pose


def read_metrics(run: str | os.PathLike, as_rows: bool = False):
    """metrics.jsonl of a run (docs/training.md) as a pandas.DataFrame, or as a list of dicts."""
    path = pathlib.Path(run)
    path = path / "metrics.jsonl" if path.is_dir() else path
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    if as_rows:
        return rows
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            "a data frame needs pandas: pip install pandas, or read_metrics(run, as_rows=True)"
        ) from error
    return pandas.DataFrame(rows)


def read_sidecar(path: str | os.PathLike) -> dict:
    """The JSON beside a generated sound. `codes` is an array [T]; plus adds `body` [H], `onset`, `pitch`, `level`."""
    sidecar = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    if sidecar.get("format") != "minet sound":
        raise ValueError(f"{path}: expected the .json that mi_generate wrote beside a sound")
    codes = sidecar["codes"] = np.array(sidecar["codes"], dtype=np.int64)
    if "body" in sidecar:
        sidecar["body"] = np.array(sidecar["body"], dtype=np.float32)
        sidecar |= {"onset": codes % 2, "pitch": codes // 2 % PITCHES, "level": codes // 2 // PITCHES}
    return sidecar


def read_sound(path: str | os.PathLike) -> tuple[np.ndarray, int]:
    """float32 samples [n] of one channel, and the sample rate; with soundfile if it is installed, else with ffmpeg."""
    try:
        import soundfile
    except ImportError:
        if not shutil.which("ffmpeg"):
            raise ImportError("reading sound needs soundfile (pip install soundfile) or the program ffmpeg") from None
        asked = [
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "a:0",
            "-show_entries",
            "stream=sample_rate",
            "-of",
            "csv=p=0",
            "file:" + str(path),
        ]
        rate = int(subprocess.run(asked, capture_output=True, check=True, text=True).stdout.split()[0])
        command = ["ffmpeg", "-nostdin", "-v", "error", "-i", "file:" + str(path), "-ac", "1", "-f", "f32le", "-"]
        return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, dtype="<f4").copy(), rate
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(1), rate


@dataclass(frozen=True)
class Track:
    folder: pathlib.Path
    id: str
    split: str
    group: str
    instrument: str
    seconds: float
    has_notes: bool
    fps: float

    def sound(self) -> np.ndarray:  # float32 [n] at the corpus's rate
        return read_sound(self.folder / "audio.flac")[0]

    def pose(self) -> Pose:  # in source pixels, gaps filled
        return read_pose(self.folder / "pose.npy", self.fps)

    def notes(self) -> list[tuple[float, float, int]]:  # (onset_s, duration_s, pitch)
        return read_notes(self.folder / "notes.csv") if self.has_notes else []


@dataclass(frozen=True)
class Corpus:
    root: pathlib.Path
    sample_rate: int
    hash: str
    tracks: list[Track]

    def of(self, split: str) -> list[Track]:
        return [track for track in self.tracks if track.split == split]


def read_corpus(root: str | os.PathLike) -> Corpus:
    """A prepared corpus (include/minet/corpus/corpus.hpp); sounds and keypoints are read on demand."""
    root = pathlib.Path(root)
    lines = (root / "corpus.yaml").read_text(encoding="utf-8").splitlines()
    about = {key: value_of(word.split(" #")[0]) for key, word in (line.split(":", 1) for line in lines if ":" in line)}
    with open(root / "tracks.csv", encoding="utf-8", newline="") as file:
        tracks = [
            Track(
                root / row["id"],
                row["id"],
                row["split"],
                row["group"],
                row["instrument"],
                float(row["seconds"]),
                row["notes"] == "1",
                float(about["fps"]),
            )
            for row in csv.DictReader(file)
        ]
    return Corpus(root, int(about["sample_rate"]), about["hash"], tracks)
