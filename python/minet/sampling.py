"""Samples one symbol from logits, as the programs do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sampling:
    temperature: float = 1.0  # 0 takes the most probable symbol
    top_k: int = 0  # keep the k most probable; 0: all
    top_p: float = 1.0  # keep the fewest that together have this probability; 1: all

    def __post_init__(self):
        if not self.temperature >= 0 or self.top_k < 0 or not 0 < self.top_p <= 1:
            raise ValueError(f"expected temperature >= 0, top_k >= 0 and 0 < top_p <= 1, got {self}")


def draw(logits: np.ndarray, sampling: Sampling, uniform: float) -> int:
    """The symbol that `uniform` in [0, 1) selects from logits [K]. Ties go to the lower index."""
    logits = logits.astype(np.float64)
    best = int(logits.argmax())
    if sampling.temperature == 0:
        return best
    weights = np.exp((logits - logits[best]) / sampling.temperature)
    if 0 < sampling.top_k < len(logits) or sampling.top_p < 1:
        order = np.argsort(-weights, kind="stable")
        most = min(sampling.top_k, len(logits)) if sampling.top_k > 0 else len(logits)
        total = weights[order[:most]].sum()
        held = 0.0
        for rank, symbol in enumerate(order):
            # A symbol is kept while those before it hold less than top_p of what top_k left.
            if rank >= most or (rank > 0 and held >= sampling.top_p * total):
                weights[symbol] = 0
            else:
                held += weights[symbol]
    sums = np.cumsum(weights)
    chosen = int(np.searchsorted(sums, uniform * sums[-1], side="right"))
    return min(chosen, int(np.flatnonzero(weights)[-1]))
