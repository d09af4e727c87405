#!/usr/bin/env python3
"""Writes golden/seq2seq, graph_transformer and train_baseline: see make_golden.py.

    python3 make_baseline_golden.py [--check]
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

import torch
from torch import Tensor, nn

from make_golden import (
    B,
    BATCHES,
    P,
    SMALL,
    T,
    Golden,
    Source,
    Stage,
    fill,
    smooth_spectrogram,
    train_steps,
    write,
    yaml_text,
)
from minet_reference import BaselineConfig, make_baseline, partitions
from minet_reference.baselines import frame_loss, generate

GENERATOR = "tests/reference/make_baseline_golden.py"
BASELINE_STAGE = Stage(learning_rate=0.01, weight_decay=0.1, beta2=0.95, clip_norm=0.3)

# frame_ratio: 4000 Hz / 16 over 94 pose frames per second, in spectrogram frames per pose frame.
TINY = BaselineConfig(
    bins=SMALL.bins,
    hidden=3,
    seq2seq_layers=2,
    blocks=(3, 3, 5),  # no shortcut, an identity, and one that widens and strides
    temporal_kernel=3,
    width=8,
    layers=2,
    heads=2,
    ffn=12,
    clip_frames=T,
    frame_ratio=4000 / 16 / 94,
)


def yaml_of(c: BaselineConfig) -> str:
    stage = "".join(f"  {key}: {value}\n" for key, value in dataclasses.asdict(BASELINE_STAGE).items())
    return (
        yaml_text(SMALL)
        + f"model:\n  kind: {c.kind}\n  frame_loss: {c.frame_loss}\n"
        + f"seq2seq:\n  hidden: {c.hidden}\n  layers: {c.seq2seq_layers}\n  dropout: 0.0\n"
        + f"graph_transformer:\n  blocks: [{', '.join(map(str, c.blocks))}]\n"
        + f"  temporal_kernel: {c.temporal_kernel}\n  width: {c.width}\n  layers: {c.layers}\n"
        + f"  heads: {c.heads}\n  ffn: {c.ffn}\n  dropout: 0.0\n"
        + "baseline_training:\n"
        + stage
    )


def tiny_baseline(kind: str, seed: int, **changes) -> tuple[nn.Module, BaselineConfig]:
    c = dataclasses.replace(TINY, kind=kind, **changes)
    model, source = make_baseline(c).double(), Source(seed)
    fill(model, source)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("edges"):
                parameter.copy_((1 + source.normal(*parameter.shape, scale=0.3)).float())
    return model, c


def baseline_golden(kind: str, seed: int) -> Golden:
    """A training forward pass with gradients; then evaluation with the running statistics that it left."""
    source = Source(seed)
    model, c = tiny_baseline(kind, seed + 1)
    golden = Golden(kind, SMALL, generator=GENERATOR)
    golden.metadata["config"] = yaml_of(c)
    for name, tensor in model.state_dict().items():
        golden.put(f"weights.baseline.{name}", tensor)
    pose, target = source.normal(B, P, 94), smooth_spectrogram(source, B)
    probe = source.normal(B, c.bins, T, scale=0.1)
    x, y = pose.clone().requires_grad_(), target.clone().requires_grad_()
    model.train()
    frames = model(x, y)
    (frames * probe).sum().backward()
    golden.put("input.pose", pose)
    golden.put("input.target", target)
    golden.put("train.probe.frames", probe)
    golden.put("train.output.frames", frames)
    golden.put("train.output.l1", frame_loss(dataclasses.replace(c, frame_loss="l1"), frames, target))
    golden.put("train.output.mse", frame_loss(dataclasses.replace(c, frame_loss="mse"), frames, target))
    golden.put("train.grad.input.pose", x.grad)
    golden.put("train.grad.input.target", y.grad)
    for name, parameter in model.named_parameters():
        if name.endswith("edges") and name != "graph.blocks.1.edges":
            continue  # one of three is enough: they make up most of the file
        golden.put(f"train.grad.baseline.{name}", parameter.grad)
    model.eval()
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            golden.put(f"train.buffer.baseline.{name}", buffer)
        golden.put("eval.output.frames", model(pose, target))
        golden.put("eval.output.feature", model.feature(pose))
    longer = T + 5  # than the clip, so that the band of the self-attention matters
    golden.put("eval.output.generated", generate(model, pose, c.bins, longer))
    return golden


def seq2seq_golden() -> Golden:
    return baseline_golden("seq2seq", 31)


def graph_transformer_golden() -> Golden:
    golden = baseline_golden("graph_transformer", 33)
    parts = partitions()
    entries = parts.nonzero()  # [N, 3]: most are 0
    golden.put("partitions.index", entries)
    golden.put("partitions.value", parts[tuple(entries.T)])
    return golden


def train_baseline_golden() -> Golden:
    """Ten steps of each baseline, starting from the weights in seq2seq and graph_transformer."""
    source = Source(37)
    golden = Golden("train_baseline", SMALL, generator=GENERATOR)
    batches = []
    for i in range(BATCHES):
        batches.append((source.normal(B, P, 94), smooth_spectrogram(source, B)))
        golden.put(f"batch.{i}.pose", batches[-1][0])
        golden.put(f"batch.{i}.spectrogram", batches[-1][1])
    s = BASELINE_STAGE
    for kind, seed, loss_name, stored in (
        ("seq2seq", 32, "l1", ("encoder.weight_hh", "decoder.bias", "start", "head")),
        ("graph_transformer", 34, "mse", ("graph.norm_in", "graph.blocks.2.edges", "graph.blocks.2.norm", "start", "head")),
    ):
        model, c = tiny_baseline(kind, seed, frame_loss=loss_name)
        golden.metadata[f"config.{kind}"] = yaml_of(c)
        named = [(f"baseline.{n}", p) for n, p in model.named_parameters()]
        model.train()

        def loss_of(step: int, model=model, c=c) -> torch.Tensor:
            pose, target = batches[step % BATCHES]
            return frame_loss(c, model(pose, target), target)

        train_steps(golden, f"train_baseline, {kind}", kind, named, s, loss_of)
        for name, tensor in model.state_dict().items():
            # The gradient of a bias before a batch normalisation is rounding error only, which Adam turns into
            # steps: the running means that follow it are noise.
            if name.startswith(stored) and not name.endswith("running_mean"):
                golden.put(f"{kind}.final.baseline.{name}", tensor)
    return golden


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with golden/, write nothing")
    makers = (seq2seq_golden, graph_transformer_golden, train_baseline_golden)
    return write(makers, parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
