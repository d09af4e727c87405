"""sample-1 and sample-64: sampling codes from the prior."""

from __future__ import annotations

from lines import Line
from measures import measure

WIDTH, FFN, LAYERS, CODES = 128, 512, 2, 1024  # of the paper's prior, as in peers/sampling.py


def weights(notes: bool) -> int:
    """Number of weights that a step multiplies with."""
    block = WIDTH * 3 * WIDTH + WIDTH * WIDTH + 2 * WIDTH * FFN + (2 * WIDTH * WIDTH if notes else 0)
    return LAYERS * block + WIDTH * CODES


def gigaflop(pieces: int, codes: int, notes: bool) -> float:
    """Weights, attention to earlier codes (half of them on average) and to all notes, and the two
    blocks that encode the notes, with their keys and values."""
    seen = codes / 2 + (codes if notes else 0)
    numbers = weights(notes) + LAYERS * 2 * seen * WIDTH
    if notes:
        block = 4 * WIDTH * WIDTH + 2 * WIDTH * FFN + 2 * WIDTH * WIDTH  # the last: keys and values
        numbers += LAYERS * (block + 2 * codes * WIDTH) + WIDTH * WIDTH
    return pieces * codes * 2e-9 * numbers


def sample(bench, pieces: int, aim: float) -> list[Line]:
    codes = 40 if bench.quick else 250
    lines = []
    for notes in ("plain", "notes"):
        arguments = (pieces, codes, notes)
        if pieces == 1:
            limit = bench.limit("weights from cache once a code", "stream",
                                4 * weights(notes == "notes"), codes)
        else:
            limit = bench.limit("one matrix product of as many operations", "multiply",
                                gigaflop(pieces, codes, notes == "notes"))
        sides = [bench.ours("ours", "sampling", *arguments),
                 bench.ours("ours through LibTorch", "sampling", *arguments,
                            env={"MINET_SAMPLER": "torch"}),
                 bench.peer("Hugging Face generate", "sampling.py", *arguments, "cached")]
        if pieces == 1:
            sides.append(bench.peer("Hugging Face, no cache", "sampling.py", *arguments,
                                    "recompute"))
        found = bench.race([*sides, limit])
        work = (f"{codes} codes, {pieces} piece{'s' if pieces > 1 else ''}"
                f"{', with notes' if notes == 'notes' else ''}")
        for side, wanted in zip(sides[1:], (None, aim, 100)):
            lines.append(Line(f"sample-{pieces}", work, side.name, found["ours"], found[side.name],
                              aim=wanted, limit=found[limit.name]))
    return lines


@measure("sample-1")
def sample_1(bench) -> list[Line]:
    return sample(bench, 1, 25)


@measure("sample-64")
def sample_64(bench) -> list[Line]:
    return sample(bench, 64, 10)
