"""invert, invert-quality and features: spectrograms to sound and back."""

from __future__ import annotations

import math
import pathlib
import statistics

import numpy as np
from harness import Timing
from lines import Line
from material import convergence_db
from measures import measure

LIBRARIES = ("librosa", "torchaudio")
OUR_ROUNDS = 16  # the default of mi_generate's library
STEPS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 160)


class Contest:
    """Sides that invert the same spectrograms; all sounds are judged by the same measure."""

    def __init__(self, bench, targets: list[pathlib.Path]):
        self.bench, self.targets = bench, targets
        self.magnitudes = [np.load(path) for path in targets]

    def _folder(self, name: str, rounds: int) -> pathlib.Path:
        folder = self.bench.scratch / f"{name}-{rounds}"
        folder.mkdir(exist_ok=True)
        return folder

    def ours(self, rounds: int, start: str = "gradient", name: str = "ours"):
        return self.bench.ours(name, "inversion", start, rounds, self._folder(name, rounds),
                               *self.targets)

    def theirs(self, library: str, rounds: int):
        return self.bench.peer(library, "inversion.py", library, rounds,
                               self._folder(library, rounds), *self.targets)

    def nearness(self, name: str, rounds: int) -> float:
        """Mean spectral convergence in dB; call after the side's last turn."""
        folder = self._folder(name, rounds)
        return statistics.mean(convergence_db(target, np.load(folder / f"{i}.npy"))
                               for i, target in enumerate(self.magnitudes))

    def each(self, timing: Timing) -> Timing:
        """Timing per spectrogram."""
        timing.seconds = [seconds / len(self.targets) for seconds in timing.seconds]
        return timing

    def rounds_as_near(self, wanted_db: float) -> int:
        for rounds in STEPS:
            self.bench.race([self.ours(rounds)], rounds=1, warm_up=False)
            if self.nearness("ours", rounds) <= wanted_db:
                return rounds
        raise RuntimeError(f"ours does not come as near as {wanted_db:.1f} dB in {STEPS[-1]} rounds")

    def transforms(self, rounds: int):
        frames = sum(len(magnitudes) for magnitudes in self.magnitudes)
        return self.bench.limit("the Fourier transforms alone", "fourier", 2048,
                                (2 * rounds + 1) * frames)


@measure("invert")
def invert(bench) -> list[Line]:
    contest = Contest(bench, bench.material.phrases(1 if bench.quick else 4))
    lines = []
    for library, their_rounds, aim in (("librosa", 32, 20), ("librosa", 100, 20),
                                       ("torchaudio", 32, 10), ("torchaudio", 100, 10)):
        theirs = contest.theirs(library, their_rounds)
        bench.race([theirs], rounds=1, warm_up=False)
        wanted = contest.nearness(library, their_rounds)
        rounds = contest.rounds_as_near(wanted)
        limit = contest.transforms(rounds)
        found = {name: contest.each(timing)
                 for name, timing in bench.race([contest.ours(rounds), theirs, limit]).items()}
        lines.append(Line(
            "invert", f"4 s, as near as {their_rounds} rounds of theirs ({wanted:.1f} dB): "
            f"{rounds} rounds of ours ({contest.nearness('ours', rounds):.1f} dB)",
            f"{library}, {their_rounds} rounds", found["ours"], found[library], aim=aim,
            limit=found[limit.name]))
    return lines


@measure("phases")
def phases(bench) -> list[Line]:
    """minet only: what each round gains, starting from random phases and from the gradient."""
    contest = Contest(bench, bench.material.phrases(1 if bench.quick else 4))
    starts = ("random", "gradient")
    lines = []
    for rounds in (0, 4, 16, 100):
        found = bench.race([contest.ours(rounds, start, start) for start in starts])
        for start in starts:
            near = contest.nearness(start, rounds)
            lines.append(Line("phases", f"{rounds} rounds, {start} phases at the start", "",
                              contest.each(found[start]), note=f"{near:.1f} dB"))
    return lines


def at_equal_time(contest: Contest, library: str, ours_is_given: bool) -> Line:
    """One side uses its default number of rounds, the other as many as fit into the same time."""
    bench = contest.bench
    their_rounds, rounds = 32, OUR_ROUNDS
    for attempt in range(5):
        found = bench.race([contest.ours(rounds), contest.theirs(library, their_rounds)])
        ours, theirs = found["ours"].median, found[library].median
        if attempt == 4:  # an unsteady machine: times are reported with the results
            break
        if ours_is_given:  # the peer gets at least minet's time
            if theirs >= ours and (theirs <= 1.6 * ours or their_rounds == 1):
                break
            their_rounds = max(1, math.ceil(their_rounds * ours / theirs * 1.02))
        else:  # minet gets at most the peer's time
            if 0.75 * theirs <= ours <= theirs:
                break
            rounds = max(1, math.floor(rounds * theirs / ours * 0.93))
    a, b = contest.nearness("ours", rounds), contest.nearness(library, their_rounds)
    return Line("invert-quality", f"{rounds} rounds of ours, {their_rounds} of theirs", library,
                contest.each(found["ours"]), contest.each(found[library]), aim=10, unit="dB",
                ours_value=a, theirs_value=b,
                note=f"{1000 * found['ours'].median:.0f} and "
                f"{1000 * found[library].median:.0f} ms for 4 s")


@measure("invert-quality")
def invert_quality(bench) -> list[Line]:
    lines = []
    count = 1 if bench.quick else 4
    for what, targets in (("recorded phrases", bench.material.phrases(count)),
                          ("decoded spectrograms", bench.material.decoded(count))):
        contest = Contest(bench, targets)
        for library in LIBRARIES:
            for ours_is_given in (True, False):
                line = at_equal_time(contest, library, ours_is_given)
                time = "our default's time" if ours_is_given else "their default's time"
                line.work = f"{what}, in {time}: {line.work}"
                lines.append(line)
    return lines


@measure("features")
def features(bench) -> list[Line]:
    sounds = sorted(bench.material.players().glob("*/AuSep_*.wav"))[:1 if bench.quick else 4]
    seconds = sum(path.stat().st_size for path in sounds) / 2 / 48000  # 16 bit, mono
    limit = bench.limit("the Fourier transforms alone", "fourier", 2048, int(seconds * 62.5))
    found = bench.race([bench.ours("ours", "features", *sounds),
                        bench.peer("librosa", "features.py", *sounds), limit])
    return [Line("features", f"{seconds:.0f} s at 48 kHz to log-spectrograms at 16 kHz", "librosa",
                 found["ours"], found["librosa"], aim=5, limit=found[limit.name])]
