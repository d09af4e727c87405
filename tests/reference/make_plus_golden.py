#!/usr/bin/env python3
"""Writes golden/plus and train_plus: see make_golden.py.

    python3 make_plus_golden.py [--check]

Weights are not stored; they follow from their names (`pattern`). Of a gradient only its norm and its dot product
with a pattern are stored, because the layers of fixed width would make large files.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

import torch
from torch import Tensor, nn

from make_golden import BATCHES, STEPS, Golden, SMALL, Source, Stage, print_report, write
from minet_reference import make_optimiser, rate
from minet_reference.optimiser import optimiser_step
from minet_reference.plus import Plus, PlusConfig, spectral_loss, timbre

GENERATOR = "tests/reference/make_plus_golden.py"
STAGE = Stage(learning_rate=0.005, weight_decay=0.1, beta2=0.95, clip_norm=0.5)
B, P, S, T = 2, 20, 48, 25  # clips, pose frames, frames of sound, frames of the prior
TINY = PlusConfig(
    sample_rate=4000,
    hop=32,
    fps=50,
    body_hidden=3,
    body_layers=2,
    harmonics=5,
    noise_bands=9,
    synthesiser_width=12,
    motion_hidden=5,
    motion_layers=2,
    prior_width=12,
    prior_layers=2,
    levels=6,
)


def yaml_of(c: PlusConfig) -> str:
    stage = "".join(f"  {key}: {value}\n" for key, value in dataclasses.asdict(STAGE).items())
    return (
        "model:\n  kind: plus\n"
        f"spectrogram:\n  sample_rate: {c.sample_rate}\n  n_fft: 128\n  hop: {c.hop}\n  bins: 64\n"
        f"pose:\n  fps: {c.fps}\ndata:\n  clip_seconds: 0.4001\n"
        f"body:\n  hidden: {c.body_hidden}\n  layers: {c.body_layers}\n"
        "prior:\n  heads: 1\ncontent:\n  heads: 1\n"  # not read, but heads must divide a width of 70
        f"plus:\n  harmonics: {c.harmonics}\n  noise_bands: {c.noise_bands}\n"
        f"  synthesiser_width: {c.synthesiser_width}\n  sound_frames: {S}\n  motion_hidden: {c.motion_hidden}\n"
        f"  motion_layers: {c.motion_layers}\n  prior_width: {c.prior_width}\n  prior_layers: {c.prior_layers}\n"
        f"  levels: {c.levels}\n"
        f"synthesiser_training:\n{stage}controls_training:\n{stage}"
    )


def pattern(count: int, name: str) -> Tensor:
    """Numbers of unit variance that follow from a name; tests/reference/plus_golden.hpp computes the same."""
    i = torch.arange(count, dtype=torch.float64)
    noise = torch.sin(i * 12.9898 + sum(name.encode()) % 1000) * 43758.5453
    return (noise - noise.floor() - 0.5) * 12**0.5


def patterned() -> Plus:
    model = Plus(TINY).double()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = pattern(parameter.numel(), name).view_as(parameter)
            if parameter.dim() == 1:
                values = 0.1 * values + (1 if name.endswith("weight") else 0)
            else:
                values = values * 0.8 / parameter[0].numel() ** 0.5
            parameter.copy_(values.float())
    return model


def clip(source: Source) -> dict[str, Tensor]:
    uniform = lambda *shape: torch.rand(shape, generator=source.generator, dtype=torch.float64).float().double()
    note = torch.where(uniform(B, T) < 0.3, 0, source.integers(128, B, T) + 1)
    return {
        "pose": source.normal(B, P, 94),
        "hz": (60 + 400 * uniform(B, S + 1)).float().double(),
        "voiced": (uniform(B, S + 1) < 0.8).double(),
        "loudness": (-60 + 50 * uniform(B, S + 1)).float().double(),
        "noise": (2 * uniform(B, S * TINY.hop) - 1).float().double(),
        "sound": source.normal(B, S * TINY.hop, scale=0.2),
        "onset": source.integers(2, B, T),
        "pitch": source.integers(129, B, T),
        "level": source.integers(TINY.levels, B, T),
        "note": note,
        "note_onset": source.integers(2, B, T),
        "present": torch.tensor([0, 1]),
        "hidden": (uniform(B, T) < 0.3).long(),
        "clip": source.normal(B, 2500, scale=0.2),
    }


def sound_of_clip(model: Plus, c: dict[str, Tensor]) -> Tensor:
    return model.sound(c["hz"], c["voiced"], c["loudness"], c["pose"], c["noise"])


def losses_of_sound(model: Plus, c: dict[str, Tensor], sound: Tensor) -> tuple[Tensor, Tensor]:
    heard = timbre(c["clip"], TINY.sample_rate)
    return spectral_loss(sound, c["sound"]), model.match(model.body(c["pose"]), heard)


def arguments(c: dict[str, Tensor]) -> tuple:
    tokens, notes = (c["onset"], c["pitch"], c["level"]), (c["note"], c["note_onset"], c["present"] > 0)
    return tokens, c["pose"], notes, c["hidden"] > 0


def put_gradients(golden: Golden, case: str, model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue
        gradient = parameter.grad.flatten()
        product = gradient @ pattern(gradient.numel(), name)
        golden.put(f"{case}.grad.{name}", torch.stack([gradient.norm(), product]))


def plus_golden() -> Golden:
    golden, source = Golden("plus", SMALL, generator=GENERATOR), Source(41)
    golden.metadata["config"] = yaml_of(TINY)
    c, model = clip(source), patterned()
    for name, tensor in c.items():
        golden.put(f"input.{name}", tensor)
    sound = sound_of_clip(model, c)
    spectral, match = losses_of_sound(model, c, sound)
    loss = spectral + match
    loss.backward()
    golden.put("sound.output.sound", sound)
    golden.put("sound.output.timbre", timbre(c["clip"], TINY.sample_rate))
    golden.put("sound.output.spectral", spectral)
    golden.put("sound.output.match", match)
    golden.put("sound.output.loss", loss)
    put_gradients(golden, "sound", model)
    model.zero_grad(set_to_none=True)
    onset, pitch, level, seen = model.logits(*arguments(c))
    for name, logits in {"onset": onset, "pitch": pitch, "level": level, "seen": seen}.items():
        golden.put(f"controls.output.{name}", logits)
    loss = model.control_loss(*arguments(c))
    loss.backward()
    golden.put("controls.output.loss", loss)
    put_gradients(golden, "controls", model)
    golden.put("controls.output.live", model.control_loss(*arguments(c), live=True))
    mean_pose = c["pose"].mean(1, keepdim=True) * 0.9
    golden.put("controls.output.whole_track", model.control_loss(*arguments(c), mean_pose=mean_pose))
    return golden


def train_plus_golden() -> Golden:
    """Ten steps of each stage, both from the same initial weights."""
    golden, source = Golden("train_plus", SMALL, generator=GENERATOR), Source(43)
    golden.metadata["config"] = yaml_of(TINY)
    clips = [clip(source) for _ in range(BATCHES)]
    for i, c in enumerate(clips):
        for name, tensor in c.items():
            golden.put(f"batch.{i}.{name}", tensor)
    losses = {
        "synthesiser": (("body", "synthesiser", "match"), lambda m, c: sum(losses_of_sound(m, c, sound_of_clip(m, c)))),
        "controls": (("motion", "controls"), lambda m, c: m.control_loss(*arguments(c))),
    }
    for stage, (parts, loss_of) in losses.items():
        model = patterned()
        named = [(n.replace("embedding_", "embedding."), p) for n, p in model.named_parameters() if n.startswith(parts)]
        optimiser = make_optimiser(named, STAGE.weight_decay, (STAGE.beta1, STAGE.beta2))
        report: dict[str, list[float]] = {k: [] for k in ("loss", "gradient_norm", "learning_rate")}
        for step in range(STEPS):
            loss = loss_of(model, clips[step % BATCHES])
            lr = rate(step, STAGE.learning_rate, STAGE.warmup_steps, STAGE.steps, STAGE.final_rate)
            report["loss"].append(loss.item())
            report["gradient_norm"].append(optimiser_step(optimiser, loss, lr, STAGE.clip_norm))
            report["learning_rate"].append(lr)
        print_report(f"train_plus, {stage}", report)
        for name, values in report.items():
            golden.put(f"{stage}.steps.{name}", values)
    return golden


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with golden/, write nothing")
    return write((plus_golden, train_plus_golden), parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
