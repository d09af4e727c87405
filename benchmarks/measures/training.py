"""A step of training with the paper preset: train-vqvae and train-prior in float32, and -bf16."""

from __future__ import annotations

import pathlib

from lines import Line
from material import BINS
from measures import measure

FRAMES = 250  # of a clip
CHANNELS, CODE_WIDTH, BANDS, RESIDUAL = 512, 64, (16, 8, 4, 2), 2
KERNEL = 3


def vqvae_gigaflop(batch: int) -> float:
    """Products of the convolutions, forward and twice as many backward, and of the code search."""
    ends = (BINS * CHANNELS + CHANNELS * CODE_WIDTH) * KERNEL
    blocks = sum(2 * CHANNELS * CHANNELS * KERNEL / bands for bands in BANDS)
    blocks += RESIDUAL * 2 * CHANNELS * CHANNELS * KERNEL
    # The first layer needs no gradient for its input.
    passes = 3 * 2 * (ends + blocks) - BINS * CHANNELS * KERNEL
    return 2e-9 * batch * FRAMES * (passes + 1024 * CODE_WIDTH)


def train(bench, stage: str, batch: int, aims: dict[str, float], limit=None) -> list[Line]:
    arguments = (stage, bench.config("paper.yaml"), "--batch", batch)
    eager = bench.peer("PyTorch, eager", "training.py", *arguments)
    sides = [bench.ours("ours", "training_steps", *arguments), eager]
    if "compile" in aims:
        sides.append(bench.peer("PyTorch, torch.compile", "training.py", *arguments, "--compile"))
    found = bench.race(sides + ([limit] if limit else []))
    wanted = (aims["eager"], aims.get("compile"))
    return [Line(f"train-{stage}", f"one step, batch {batch}", side.name, found["ours"],
                 found[side.name], aim=aim, limit=found[limit.name] if limit else None)
            for side, aim in zip(sides[1:], wanted)]


def train_in_bf16(bench, stage: str, batch: int) -> list[Line]:
    name = f"train-{stage}-bf16"
    if "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        raise RuntimeError(f"{name}: expected a processor with AVX512-BF16")
    arguments = (stage, bench.config("paper.yaml"), "--batch", batch)
    others = [bench.ours("ours in float32", "training_steps", *arguments),
              bench.peer("PyTorch, eager, bf16", "training.py", *arguments, "--precision", "bf16"),
              bench.peer("PyTorch, eager, float32", "training.py", *arguments)]
    ours = bench.ours("ours", "training_steps", *arguments, "--set", "run.precision=bf16")
    found = bench.race([ours, *others])
    return [Line(name, f"one step in bf16, batch {batch}", side.name, found["ours"],
                 found[side.name], aim=None) for side in others]


@measure("train-vqvae")
def train_vqvae(bench) -> list[Line]:
    batch = 1 if bench.quick else 8
    limit = bench.limit("a plain matrix product of as many operations", "multiply",
                        vqvae_gigaflop(batch))
    return train(bench, "vqvae", batch, {"eager": 1.15, "compile": 1.0}, limit)


@measure("train-prior")
def train_prior(bench) -> list[Line]:
    return train(bench, "prior", 2 if bench.quick else 32, {"eager": 1.5})


@measure("train-vqvae-bf16")
def train_vqvae_bf16(bench) -> list[Line]:
    return train_in_bf16(bench, "vqvae", 1 if bench.quick else 8)


@measure("train-prior-bf16")
def train_prior_bf16(bench) -> list[Line]:
    return train_in_bf16(bench, "prior", 2 if bench.quick else 32)
