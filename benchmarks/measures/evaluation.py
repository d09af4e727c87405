"""ndb, knn and tsne: the costly steps of mi_eval, and their memory."""

from __future__ import annotations

import pathlib

from harness import Timing
from lines import Line
from material import BINS
from measures import measure


def memory(timing: Timing) -> float:
    """MB that the work took beyond what the process had when it was ready."""
    return timing.peak_mb - timing.start_mb


def both(measure_name: str, work: str, peer: str, ours: Timing, theirs: Timing, note: str = "",
         limit: Timing | None = None) -> list[Line]:
    return [Line(measure_name, work, peer, ours, theirs, aim=3, limit=limit, note=note),
            Line(measure_name, f"{work}: memory beyond the idle process", peer, aim=4, unit="MB",
                 ours_value=memory(ours), theirs_value=memory(theirs),
                 note=f"whole processes {ours.peak_mb:,.0f} and {theirs.peak_mb:,.0f} MB")]


def ndb_files(bench, train: int, judged: int) -> tuple[pathlib.Path, pathlib.Path]:
    frames, bins = (25, 128) if bench.quick else (250, BINS)
    return (bench.material.clips(train, frames, bins, 1),
            bench.material.clips(judged, frames, bins, 2))


@measure("ndb")
def ndb(bench) -> list[Line]:
    """One turn each: scikit-learn needs many minutes for its ten restarts."""
    train, judged = (160, 300) if bench.quick else (1600, 5000)
    files = ndb_files(bench, train, judged)
    arguments = ("ndb", 50, 2 if bench.quick else 10, *files)
    ours = bench.ours("ours", "evaluation_steps", *arguments)
    theirs = bench.peer("scikit-learn KMeans", "evaluation.py", *arguments)
    width = 25 * 128 if bench.quick else 250 * BINS
    limit = bench.limit("the matrix products alone", "multiply",  # of all pairs, and with the bins
                        1e-9 * width * (train * (train + 1) + 2 * judged * 50))
    found = bench.race([ours, theirs, limit], bench.rounds if bench.quick else 1, warm_up=False)
    a, b = found["ours"], found[theirs.name]
    return both("ndb", f"50 bins of {train:,} clips of 250 x 1024, ten restarts, and {judged:,} "
                "clips into them", theirs.name, a, b,
                f"inertia {a.said['inertia']:.4g} and {b.said['inertia']:.4g}", found[limit.name])


@measure("knn")
def knn(bench) -> list[Line]:
    queries, base = bench.material.vectors(1600, 64, 1), bench.material.vectors(5000, 64, 2)
    arguments = ("knn", queries, base, 50)
    ours = bench.ours("ours", "evaluation_steps", *arguments)
    theirs = bench.peer("NumPy", "evaluation.py", *arguments)
    limit = bench.limit("the matrix product alone", "multiply", 2e-9 * 1600 * 5000 * 64)
    found = bench.race([ours, theirs, limit])
    a, b = found["ours"], found[theirs.name]
    same = "the same neighbours" if a.said == b.said else "other neighbours"
    return both("knn", "nearest of 5,000 vectors of 64 by cosine, for 1,600", theirs.name, a, b, same,
                found[limit.name])


@measure("tsne")
def tsne(bench) -> list[Line]:
    count, iterations = (300, 300) if bench.quick else (2000, 1000)
    arguments = ("tsne", iterations, bench.material.vectors(count, 64, 3))
    ours = bench.ours("ours", "evaluation_steps", *arguments)
    theirs = bench.peer("scikit-learn TSNE", "evaluation.py", *arguments)
    found = bench.race([ours, theirs], warm_up=bench.quick)
    a, b = found["ours"], found[theirs.name]
    return both("tsne", f"map of {count:,} vectors of 64, {iterations:,} iterations", theirs.name,
                a, b, f"KL divergence {a.said['kl']:.3f} and {b.said['kl']:.3f}")
