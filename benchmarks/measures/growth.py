"""growth: how minet's time and memory grow with the work. There is no peer here.

The slope is that of the logarithms from the first size to the last: 1 is linear, and below 1 a part of
the work does not grow.
"""

from __future__ import annotations

import math

import numpy as np
from harness import Timing
from lines import Line
from measures import measure
from measures.evaluation import ndb_files
from measures.programs import generate_side, prepare_side


def rows(what: str, unit: str, sizes: list[float], timings: list[Timing]) -> list[Line]:
    lines = []
    for i, (size, timing) in enumerate(zip(sizes, timings)):
        note = f"peak memory {timing.peak_mb:,.0f} MB"
        if i > 0:
            step = math.log(timing.median / timings[i - 1].median) / math.log(size / sizes[i - 1])
            note += f", slope {step:.2f}"
        if i == len(sizes) - 1:
            whole = math.log(timing.median / timings[0].median) / math.log(size / sizes[0])
            note += f", over all {whole:.2f}"
        lines.append(Line("growth", f"{what}, {size:,g} {unit}", "", ours=timing, note=note))
    return lines


def alone(bench, side) -> Timing:
    return bench.race([side], rounds=1 if bench.quick else 3)[side.name]


def sampling(bench) -> list[Line]:
    sizes = [4, 16] if bench.quick else [4, 60, 600, 1800]
    return rows("sampling codes", "s", sizes, [
        alone(bench, bench.ours("ours", "sampling", 1, int(size * 62.5), "plain"))
        for size in sizes])


def inversion(bench) -> list[Line]:
    sizes = [4, 8] if bench.quick else [4, 60, 600, 1800]
    (phrase,) = bench.material.phrases(1)
    known, timings = np.load(phrase), []
    for size in sizes:
        frames = int(size * 62.5)
        path = bench.scratch / "magnitudes.npy"
        np.save(path, np.concatenate([known] * (frames // len(known) + 1))[:frames])
        timings.append(alone(bench, bench.ours("ours", "inversion", "gradient", 16, bench.scratch,
                                               path)))
    return rows("phases, 16 rounds", "s", sizes, timings)


def generating(bench) -> list[Line]:
    sizes = [4, 8] if bench.quick else [4, 60, 600, 1800]
    return rows("mi_generate", "s", sizes,
                [alone(bench, generate_side(bench, "ours", size)) for size in sizes])


def preparing(bench) -> list[Line]:
    sizes = [6, 12] if bench.quick else [10, 40, 80]
    seconds = 8 if bench.quick else 30
    return rows("mi_prepare urmp", "tracks", sizes, [
        alone(bench, prepare_side(bench, bench.material.players(size, seconds)))
        for size in sizes])


def bins(bench) -> list[Line]:
    sizes = [100, 200] if bench.quick else [400, 1600]
    timings = []
    for size in sizes:
        train, judged = ndb_files(bench, 160 if bench.quick else 400, size)
        timings.append(alone(bench, bench.ours("ours", "evaluation_steps", "ndb", 50, 1, train,
                                               judged)))
    return rows("NDB, bins of few clips, and judging", "clips", sizes, timings)


@measure("growth")
def growth(bench) -> list[Line]:
    lines = []
    for part in (sampling, inversion, generating, preparing, bins):
        lines += part(bench)
    return lines
