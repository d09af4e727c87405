"""The programs' random numbers: xoshiro256++ seeded by SplitMix64 (https://prng.di.unimi.it/)."""

from __future__ import annotations

MASK = (1 << 64) - 1


def _mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def _split_mix(state: int) -> tuple[int, int]:  # the next state, and its output
    state = state + 0x9E3779B97F4A7C15 & MASK
    return state, _mix(state)


def derive_seed(seed: int, purpose: str, index: int = 0, second_index: int = 0) -> int:
    """The seed for one purpose: derive_seed(seed, "codes", piece)."""
    name = 0xCBF29CE484222325  # FNV-1a
    for byte in purpose.encode():
        name = (name ^ byte) * 0x100000001B3 & MASK
    _, out = _split_mix(seed & MASK)
    for part in (name, index, second_index):
        _, out = _split_mix(out ^ part)
    return out


class Random:
    """Random numbers that are the same on every platform."""

    def __init__(self, seed: int):
        self.state = []
        for _ in range(4):
            seed, word = _split_mix(seed)
            self.state.append(word)

    def next(self) -> int:
        """64 random bits."""

        def turned(x: int, by: int) -> int:
            return (x << by | x >> (64 - by)) & MASK

        s = self.state
        result = turned(s[0] + s[3] & MASK, 23) + s[0] & MASK
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = turned(s[3], 45)
        return result

    def uniform(self) -> float:  # [0, 1)
        return (self.next() >> 11) * 2.0**-53
