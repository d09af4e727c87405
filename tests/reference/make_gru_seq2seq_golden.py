#!/usr/bin/env python3
"""Writes golden/gru_seq2seq and train_gru_seq2seq: see make_golden.py.

    python3 make_gru_seq2seq_golden.py [--check]
"""

from __future__ import annotations

import argparse
import dataclasses
import sys

import torch

from make_golden import (
    B,
    BATCHES,
    PRIOR_STAGE,
    SMALL,
    T,
    Golden,
    Source,
    prior_batches,
    prior_loss,
    prior_weights,
    put_inputs,
    put_prior_cases,
    small_model,
    train_steps,
    trained_with_prior,
    write,
    yaml_text,
)
from minet_reference import Config, Model

GENERATOR = "tests/reference/make_gru_seq2seq_golden.py"
GRU = dataclasses.replace(SMALL, prior_kind="gru")

# name: changes, whether each clip has one body vector, whether some notes are hidden, gradients stored
CASES = {
    "bare": (dict(content_enabled=False), True, False, ("prior.decoder.weight_ih", "prior.start")),
    "moving": (dict(alignment="cross_attention"), False, False, ("prior.start",)),
    "tied": (dict(content_enabled=False, head="tied"), True, False, ("prior.to_code", "prior.norm_out")),
    "added": (dict(alignment="added"), True, False, ("prior.bridge",)),
    "cross": (dict(alignment="cross_attention"), True, False, ("prior.", "content.")),
    "both": (dict(alignment="both"), True, False, ("prior.embedding", "content.embedding")),
    "cross_present": (dict(alignment="cross_attention"), True, True, ("prior.cross.", "prior.bridge")),
    "added_present": (dict(alignment="added"), True, True, ("prior.decoder.bias",)),
}


def yaml_of(c: Config) -> str:
    return yaml_text(c).replace("prior:\n", "prior:\n  kind: gru\n", 1)


def gru_seq2seq_golden() -> Golden:
    source = Source(41)
    golden = Golden("gru_seq2seq", GRU, generator=GENERATOR)
    golden.metadata["config"] = yaml_of(GRU)
    weights = prior_weights(golden, 42, ("prior.", "content."), prior_kind="gru")
    codes = source.integers(GRU.codes, B, T)
    notes = source.integers(129, B, T)
    notes[0, :2] = torch.tensor([0, 128])  # rest and the highest note
    body, moving = source.normal(B, GRU.body_width), source.normal(B, T, GRU.body_width)
    present = torch.tensor([0.0, 1.0], dtype=torch.float64)
    probe = source.normal(B, T, GRU.codes, scale=0.1)
    inputs = {"codes": codes, "notes": notes, "body": body, "moving_body": moving, "present": present}
    put_inputs(golden, **inputs)
    golden.put("probe.logits", probe)

    def memory_of(case: str, model: Model, h: torch.Tensor) -> torch.Tensor:
        memory = model.content(notes, h)
        if case == "cross":
            golden.put("cross.output.memory", memory)
        return memory

    put_prior_cases(golden, CASES, GRU, weights, inputs, probe, memory_of, yaml_of)
    return golden


def train_gru_seq2seq_golden() -> Golden:
    """Ten steps with the body encoder, from the weights in gru_seq2seq and body."""
    source = Source(44)
    golden = Golden("train_gru_seq2seq", GRU, generator=GENERATOR, weights="body.safetensors gru_seq2seq.safetensors")
    c = dataclasses.replace(GRU, alignment="both")
    golden.metadata["config.gru"] = yaml_of(c)
    batches = prior_batches(golden, source, c)
    model, _ = small_model(42, prior_kind="gru", alignment="both")
    body = {k: v for k, v in small_model(3)[0].state_dict().items() if k.startswith("body.")}
    model.load_state_dict(model.state_dict() | body)
    train_steps(golden, "train_gru_seq2seq", "gru", trained_with_prior(model), PRIOR_STAGE,
                lambda step: prior_loss(model, batches[step % BATCHES]))
    for name, tensor in model.state_dict().items():
        if name.startswith(("content.encoder.weight_hh", "prior.decoder.weight", "prior.bridge", "prior.cross.")):
            golden.put(f"gru.final.{name}", tensor)
    return golden


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with golden/, write nothing")
    return write((gru_seq2seq_golden, train_gru_seq2seq_golden), parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
