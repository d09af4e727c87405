"""Processes that take turns at the same work, and their timings.

Each side of a comparison is a separate process, pinned to one core and told to use one thread. A
warm side has everything loaded and does the work once for each line that it is sent (worker.hpp,
peers/worker.py); a cold one is started for each turn. The sides take turns, so that other load on
the machine affects all of them.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

LIMIT_S = 3600  # a turn that takes longer is a failure
ONE_THREAD = {name: "1" for name in (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS")}
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


class Failure(Exception):
    """One sentence: which side failed, and its message."""


@dataclasses.dataclass
class Side:
    """One side of a comparison."""

    name: str
    command: list
    cold: bool = False  # a new process for each turn; its whole life is timed
    env: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Timing:
    """The timings of one side's turns."""

    name: str
    seconds: list = dataclasses.field(default_factory=list)
    peak_mb: float = 0.0
    start_mb: float = 0.0  # of a warm side, before its first turn
    said: dict = dataclasses.field(default_factory=dict)  # the other keys of the last answer

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def as_json(self) -> dict:
        return {"name": self.name, "median_s": self.median, "min_s": min(self.seconds),
                "max_s": max(self.seconds), "runs": len(self.seconds), "peak_mb": self.peak_mb,
                "start_mb": self.start_mb, **({"said": self.said} if self.said else {})}


def pick_processor() -> int:
    """The last one that this process may use, because the first is the busiest with interrupts."""
    return max(os.sched_getaffinity(0))


def _environment(side: Side) -> dict:
    return {**os.environ, **ONE_THREAD, **OFFLINE, **{k: str(v) for k, v in side.env.items()}}


def _last_words(log) -> str:
    log.seek(0)
    lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "nothing"


class _Warm:
    def __init__(self, side: Side, processor: int):
        self.side, self.log = side, tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(part) for part in side.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, text=True, env=_environment(side),
            preexec_fn=lambda: os.sched_setaffinity(0, {processor}))
        self.start_mb = 0.0

    def answer(self) -> dict:
        timer = threading.Timer(LIMIT_S, self.process.kill)
        timer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise Failure(f"{self.side.name} ended without an answer: {_last_words(self.log)}")
        found = json.loads(line)
        if "error" in found:
            raise Failure(f"{self.side.name}: {found['error']}")
        return found

    def peak_mb(self) -> float:
        """From /proc, because getrusage's value includes this process from before the exec."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines()
                    if line.startswith("VmHWM"))

    def ready(self) -> None:
        self.answer()
        self.start_mb = self.peak_mb()

    def turn(self) -> dict:
        try:
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure(f"{self.side.name} ended early: {_last_words(self.log)}") from None
        return {**self.answer(), "peak_mb": self.peak_mb()}

    def close(self) -> None:
        try:
            self.process.stdin.close()
            self.process.wait(timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.log.close()


class _Cold:
    def __init__(self, side: Side, processor: int):
        self.side, self.processor, self.start_mb = side, processor, 0.0

    def ready(self) -> None:
        pass

    def turn(self) -> dict:
        with tempfile.TemporaryFile() as log, tempfile.NamedTemporaryFile("r") as peak:
            # GNU time forks from a small process, so that the peak is that of the command alone.
            command = ["/usr/bin/time", "-q", "-f", "%M", "-o", peak.name, *self.side.command]
            began = time.perf_counter()
            try:
                status = subprocess.run(
                    [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, env=_environment(self.side), timeout=LIMIT_S,
                    preexec_fn=lambda: os.sched_setaffinity(0, {self.processor})).returncode
            except subprocess.TimeoutExpired:
                raise Failure(f"{self.side.name} took longer than {LIMIT_S} s") from None
            seconds = time.perf_counter() - began
            if status != 0:
                raise Failure(f"{self.side.name} failed with exit status {status}: "
                              f"{_last_words(log)}")
            return {"seconds": seconds, "peak_mb": int(peak.read()) / 1024}

    def close(self) -> None:
        pass


def take_turns(sides: list[Side], rounds: int, processor: int, warm_up: bool = True
               ) -> dict[str, Timing]:
    """Runs each side `rounds` times, one after the other in each round; timings by the sides' names."""
    running = []
    try:
        for side in sides:
            running.append((_Cold if side.cold else _Warm)(side, processor))
            running[-1].ready()
        timings = {side.name: Timing(side.name) for side in sides}
        for turn in range(rounds + warm_up):
            for one in running:
                found = one.turn()
                if turn < warm_up:
                    continue
                timing = timings[one.side.name]
                timing.seconds.append(found.pop("seconds"))
                timing.peak_mb = max(timing.peak_mb, found.pop("peak_mb"))
                timing.start_mb, timing.said = one.start_mb, found
        return timings
    finally:
        for one in running:
            one.close()


def processor_name() -> str:
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def size_of(path: pathlib.Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
