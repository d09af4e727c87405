"""Notes as one symbol per step: 0 = rest, 1 + MIDI number (src/score/note_indices.cpp has the rules)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

MARGIN = 64  # steps on either side, so that a short note's step does not depend on where the window ends
ROUNDING = 1e-6  # of a step


def read_notes(path) -> list[tuple[float, float, int]]:
    """(onset_s, duration_s, pitch) from a notes.csv, as in corpora and from `mi_prepare notes`."""
    with open(path, encoding="utf-8") as file:
        header = file.readline().strip().split(",")
        if header[:3] != ["onset_s", "duration_s", "pitch"]:
            raise ValueError(f"{path}: expected the columns onset_s,duration_s,pitch, got {','.join(header)}")
        rows = [line.split(",") for line in file if line.strip()]
    return [(float(row[0]), float(row[1]), int(row[2])) for row in rows]


def check_notes(notes: Sequence[tuple[float, float, int]]) -> None:
    for onset, duration, pitch in notes:
        if pitch not in range(128) or not math.isfinite(onset) or not math.isfinite(duration):
            raise ValueError(
                f"expected notes (onset_s, duration_s, pitch) with finite times and a pitch of 0 to 127, got "
                f"({onset}, {duration}, {pitch})"
            )


def one_voice(notes: Sequence[tuple[float, float, int]]) -> list[tuple[float, float, int]]:
    """As mi_generate reads them: of notes that begin together the highest, each cut where the next begins."""
    check_notes(notes)
    heard = [
        (onset, pitch, duration) if onset >= 0 else (0.0, pitch, onset + duration)
        for onset, duration, pitch in notes
        if duration > 0 and onset + duration > 0
    ]
    voice: list[tuple[float, float, int]] = []
    for onset, pitch, duration in sorted(heard):
        if voice and voice[-1][0] == onset:
            voice.pop()
        elif voice and sum(voice[-1][:2]) > onset:
            voice[-1] = (voice[-1][0], onset - voice[-1][0], voice[-1][2])
        voice.append((onset, duration, pitch))
    return voice


def note_indices(
    notes: Sequence[tuple[float, float, int]], steps: int, rate: float, start_s: float = 0.0
) -> np.ndarray:
    """[steps] int64. If notes overlap, the latest onset wins; of equal onsets, the highest pitch.

    A note between two steps gets the nearer one that is a rest, else the nearer one whose note has another step left.
    """
    check_notes(notes)
    count = steps + 2 * MARGIN

    def at(seconds: float) -> float:
        return (seconds - start_s) * rate + MARGIN

    def step(place: float) -> int:
        return int(min(max(math.ceil(place - ROUNDING), 0), count))

    heard = sorted(
        (onset, pitch, duration)
        for onset, duration, pitch in notes
        if duration > 0 and at(onset + duration) > 0 and at(onset) < count
    )
    owner = np.full(count, -1, dtype=np.int64)
    between = []
    for i, (onset, _, duration) in enumerate(heard):  # later ones overwrite earlier ones
        first, end = step(at(onset)), step(at(onset + duration))
        owner[first:end] = i
        if first >= end and at(onset + duration) - at(onset) <= 1:
            between.append(i)
    owned = np.bincount(owner[owner >= 0], minlength=len(heard))
    for i in between:
        onset, _, duration = heard[i]
        middle = (at(onset) + at(onset + duration)) / 2
        before = math.floor(middle)
        near, far = (before + 1, before) if middle - before > 0.5 else (before, before + 1)
        for place, from_note in ((near, False), (far, False), (near, True), (far, True)):
            if not 0 <= place < count or (owner[place] >= 0 and (not from_note or owned[owner[place]] < 2)):
                continue
            if owner[place] >= 0:
                owned[owner[place]] -= 1
            owner[place] = i
            owned[i] += 1
            break
    pitches = np.array([pitch for _, pitch, _ in heard] + [-1], dtype=np.int64)  # -1, the last: rest
    return 1 + pitches[owner[MARGIN : MARGIN + steps]]
