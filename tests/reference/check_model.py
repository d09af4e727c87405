#!/usr/bin/env python3
"""Loads a model.safetensors into the PyTorch mirror with strict names and prints what is in it.

    check_model.py run/model.safetensors
    check_model.py run/model.safetensors --against case.safetensors

A case holds inputs and outputs of the C++ model (any of spectrogram -> codes, codes -> decoded,
codes + pose [+ notes [+ present]] -> logits); the mirror computes the outputs too and compares them.
Exit status 0: the file loads and, with --against, agrees; 1: it does not.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from minet_reference import read_model, read_with_metadata  # noqa: E402

PARTS = ("vqvae", "body", "prior", "content")


def difference(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference, relative to the largest entry."""
    return float((ours - theirs).abs().max() / ours.abs().max().clamp_min(1e-12))


def compare(model, config, case: dict[str, torch.Tensor]) -> dict[str, float]:
    found: dict[str, float] = {}
    with torch.no_grad():
        if "spectrogram" in case and "codes" in case:
            codes = model.vqvae.encode(case["spectrogram"])
            found["share of codes that differ"] = float((codes != case["codes"]).float().mean())
        if "codes" in case and "decoded" in case:
            found["decoded"] = difference(model.vqvae.decode(case["codes"]), case["decoded"])
        if "codes" in case and "pose" in case and "logits" in case:
            body = model.body(case["pose"])
            memory = None
            if "notes" in case and config.content_enabled:
                memory = model.content(case["notes"], body)
            logits = model.prior(case["codes"], body, memory, case.get("present"))
            found["logits"] = difference(logits, case["logits"])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--against", type=pathlib.Path, help="inputs and outputs of the C++ model")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--shapes", action="store_true", help="print every tensor")
    arguments = parser.parse_args()

    try:
        model, config, metadata = read_model(arguments.model)
    except (RuntimeError, TypeError, OSError) as error:
        print(f"{arguments.model} does not load into the mirror: {error}", file=sys.stderr)
        return 1
    for part in PARTS:
        if hasattr(model, part):
            count = sum(p.numel() for p in getattr(model, part).parameters())
            print(f"{part}: {count} parameters")
    print(f"config: {config}")
    print(f"metadata: {', '.join(sorted(metadata)) or 'none'}")
    if arguments.shapes:
        for name, tensor in model.state_dict().items():
            print(f"  {name} {list(tensor.shape)}")
    if arguments.against is None:
        return 0

    case, _ = read_with_metadata(arguments.against)
    found = compare(model, config, case)
    if not found:
        print(f"{arguments.against} holds nothing to compare", file=sys.stderr)
        return 1
    for name, value in found.items():
        print(f"{name}: {value:.2e}")
    return 0 if max(found.values()) <= arguments.tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
