"""AdamW with the schedule of docs/networks.md."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn


def rate(step: int, learning_rate: float, warmup: int, steps: int, final_rate: float) -> float:
    """The learning rate at a step, counted from 0."""
    warm = min(1.0, (step + 1) / warmup) if warmup > 0 else 1.0
    cosine = (1 + math.cos(math.pi * step / steps)) / 2
    return learning_rate * warm * (final_rate + (1 - final_rate) * cosine)


def decays(name: str, parameter: nn.Parameter) -> bool:
    """Weights with two or more dimensions, except embeddings and the edge weights of a graph."""
    return parameter.dim() >= 2 and not {"embedding", "edges"} & set(name.split("."))


def make_optimiser(
    named: Iterable[tuple[str, nn.Parameter]], weight_decay: float, betas: tuple[float, float]
) -> torch.optim.AdamW:
    named = list(named)
    groups = [
        {"params": [p for n, p in named if decays(n, p)], "weight_decay": weight_decay},
        {"params": [p for n, p in named if not decays(n, p)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0, betas=betas, eps=1e-8)


def optimiser_step(
    optimiser: torch.optim.AdamW, loss: torch.Tensor, learning_rate: float, clip_norm: float
) -> float:
    """Backward, clip to the total norm, step; returns the norm before clipping."""
    optimiser.zero_grad()
    loss.backward()
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    norm = torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    optimiser.step()
    return float(norm)
