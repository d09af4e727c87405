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
    P,
    PRIOR_STAGE,
    SMALL,
    STEPS,
    T,
    Golden,
    Source,
    print_report,
    put_gradients,
    small_model,
    write,
    yaml_text,
)
from minet_reference import Config, Model, make_optimiser, rate
from minet_reference.modules import cross_entropy
from minet_reference.optimiser import optimiser_step

GENERATOR = "tests/reference/make_gru_seq2seq_golden.py"
GRU = dataclasses.replace(SMALL, prior_kind="gru")

# name: what differs, one body vector a clip, some notes hidden, gradients that are kept
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
    largest, _ = small_model(42, prior_kind="gru", alignment="both")
    tied, _ = small_model(43, prior_kind="gru", content_enabled=False, head="tied")
    weights = largest.state_dict()
    weights |= {k: v for k, v in tied.state_dict().items() if k.startswith(("prior.to_code", "prior.head_bias"))}
    golden = Golden("gru_seq2seq", GRU, generator=GENERATOR)
    golden.metadata["config"] = yaml_of(GRU)
    for name, tensor in weights.items():
        if name.startswith(("prior.", "content.")):
            golden.put(f"weights.{name}", tensor)
    codes = source.integers(GRU.codes, B, T)
    notes = source.integers(129, B, T)
    notes[0, :2] = torch.tensor([0, 128])  # rest and the highest note
    body, moving = source.normal(B, GRU.body_width), source.normal(B, T, GRU.body_width)
    present = torch.tensor([0.0, 1.0], dtype=torch.float64)
    probe = source.normal(B, T, GRU.codes, scale=0.1)
    golden.put("input.codes", codes)
    golden.put("input.notes", notes)
    golden.put("input.body", body)
    golden.put("input.moving_body", moving)
    golden.put("input.present", present)
    golden.put("probe.logits", probe)
    for case, (changes, constant, with_present, stored) in CASES.items():
        config = dataclasses.replace(GRU, **changes)
        model = Model(config).double()
        own = model.state_dict()
        model.load_state_dict({k: weights.get(k, own[k]) for k in own})
        h = (body if constant else moving).clone().requires_grad_()
        memory = model.content(notes, h) if config.content_enabled else None
        logits = model.prior(codes, h, memory, present if with_present else None)
        (logits * probe).sum().backward()
        if case == "cross":
            golden.put("cross.output.memory", memory)
        golden.put(f"{case}.output.logits", logits)
        golden.put(f"{case}.output.cross_entropy", cross_entropy(logits, codes))
        golden.put(f"{case}.grad.input.body", h.grad)
        put_gradients(golden, case, model, stored)
        golden.metadata[f"config.{case}"] = yaml_of(config)
    return golden


def train_gru_seq2seq_golden() -> Golden:
    """Ten steps with the body encoder, from the weights in gru_seq2seq and body."""
    source = Source(44)
    golden = Golden("train_gru_seq2seq", GRU, generator=GENERATOR, weights="body.safetensors gru_seq2seq.safetensors")
    c = dataclasses.replace(GRU, alignment="both")
    golden.metadata["config.gru"] = yaml_of(c)
    batches = []
    for i in range(BATCHES):
        batch = {
            "codes": source.integers(c.codes, B, T),
            "pose": source.normal(B, P, 94),
            "notes": source.integers(129, B, T),
            "notes_present": torch.tensor([1.0, 0.0 if i == 1 else 1.0], dtype=torch.float64),
        }
        batches.append(batch)
        for name, value in batch.items():
            golden.put(f"batch.{i}.{name}", value)
    model, _ = small_model(42, prior_kind="gru", alignment="both")
    body = {k: v for k, v in small_model(3)[0].state_dict().items() if k.startswith("body.")}
    model.load_state_dict(model.state_dict() | body)
    s = PRIOR_STAGE
    named = [(n, p) for n, p in model.named_parameters() if not n.startswith("vqvae.")]
    optimiser = make_optimiser(named, s.weight_decay, (s.beta1, s.beta2))
    report: dict[str, list[float]] = {k: [] for k in ("loss", "gradient_norm", "learning_rate")}
    for step in range(STEPS):
        batch = batches[step % BATCHES]
        h = model.body(batch["pose"])
        logits = model.prior(batch["codes"], h, model.content(batch["notes"], h), batch["notes_present"])
        loss = cross_entropy(logits, batch["codes"])
        lr = rate(step, s.learning_rate, s.warmup_steps, s.steps, s.final_rate)
        norm = optimiser_step(optimiser, loss, lr, s.clip_norm)
        report["loss"].append(loss.item())
        report["gradient_norm"].append(norm)
        report["learning_rate"].append(lr)
    print_report("train_gru_seq2seq", report)
    for name, values in report.items():
        golden.put(f"gru.steps.{name}", values)
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
