"""Exports networks as ONNX files, for other runtimes: python -m minet.onnx MODEL FOLDER

The paper's model: encoder.onnx (spectrogram [B, F, T] -> codes [B, T]), decoder.onnx (codes -> spectrogram),
prior.onnx (codes, keypoints [B, P, 94] -> logits [B, T, K]) and, if it takes notes, prior_notes.onnx (also notes
[B, T]). plus: prior.onnx (onset, pitch, level [B, T], body [B, H], motion [B, T, .] -> logits of the three),
player.onnx (keypoints [B, P, 94] -> body and, by pose frame, motion) and synthesiser.onnx (hz, voiced, loudness [B, T],
body -> amplitudes of harmonics and noise bands). B and T may be any number.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
import warnings

import torch
from torch import nn

from .load import load
from .paper import PaperModel
from .plus import PlusModel, Tokens

OPSET = 17


class Call(nn.Module):
    """Wraps a function of a model as a module, because the exporter needs one."""

    def __init__(self, model: nn.Module, function):
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *inputs):
        return self.function(*inputs)


def of_paper(model: PaperModel) -> dict:
    """{name: (function, inputs by name, names of outputs)}"""
    c, steps = model.config, model.config.clip_frames
    codes = torch.randint(0, c.vqvae.codes, (2, steps))
    pose, notes = torch.randn(2, c.clip_pose_frames, 94), torch.randint(0, 129, (2, steps))
    parts = {
        "encoder": (model.vqvae.encode, {"spectrogram": torch.randn(2, c.spectrogram.bins, steps)}, ["codes"]),
        "decoder": (model.vqvae.decode, {"codes": codes}, ["spectrogram"]),
        "prior": (model.forward, {"codes": codes, "pose": pose}, ["logits"]),
    }
    if model.content is not None:
        parts["prior_notes"] = (model.forward, {"codes": codes, "pose": pose, "notes": notes}, ["logits"])
    return parts


def of_plus(model: PlusModel) -> dict:
    c, steps = model.config, 50
    body, motion = torch.randn(2, c.body_width), torch.randn(2, steps, 2 * c.plus.motion_hidden)
    tokens = {
        "onset": torch.randint(0, 2, (2, steps)),
        "pitch": torch.randint(0, 129, (2, steps)),
        "level": torch.randint(0, c.plus.levels, (2, steps)),
    }

    def prior(onset, pitch, level, body, motion):
        return model.controls(Tokens(onset, pitch, level), model.controls.condition(body, motion, None, None))

    def player(pose):
        body = model.body(pose)
        return body, model.motion.by_pose_frame(pose, body)

    frames = {
        "hz": torch.rand(2, steps) * 400 + 100,
        "voiced": torch.ones(2, steps),
        "loudness": -30 * torch.rand(2, steps),
    }
    return {
        "player": (player, {"pose": torch.randn(2, c.clip_pose_frames, 94)}, ["body", "motion"]),
        "prior": (prior, {**tokens, "body": body, "motion": motion}, ["onset_logits", "pitch_logits", "level_logits"]),
        "synthesiser": (model.synthesiser, {**frames, "body": body}, ["harmonics", "noise"]),
    }


def parts_of(model: PaperModel | PlusModel) -> dict:
    if not isinstance(model, (PaperModel, PlusModel)):
        raise ValueError("expected the paper's model or plus, got a baseline")
    return of_paper(model) if isinstance(model, PaperModel) else of_plus(model)


def axes_of(name: str) -> dict[int, str]:
    if name == "body":
        return {0: "B"}
    return {0: "B", 2: "T"} if name == "spectrogram" else {0: "B", 1: "P" if name == "pose" else "T"}


def export(model: PaperModel | PlusModel, folder: str | os.PathLike) -> list[pathlib.Path]:
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, (function, inputs, outputs) in parts_of(model).items():
        files.append(folder / f"{name}.onnx")
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from the tracer, about shapes that are constant on purpose
            torch.onnx.export(
                Call(model, function),
                tuple(inputs.values()),
                str(files[-1]),
                opset_version=OPSET,
                input_names=list(inputs),
                output_names=outputs,
                dynamo=False,
                dynamic_axes={each: axes_of(each) for each in (*inputs, *outputs)},
            )
    return files


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    if importlib.util.find_spec("onnx") is None:
        sys.exit("minet.onnx: expected the package onnx, found none; pip install './python[onnx]'")
    for file in export(load(sys.argv[1]), sys.argv[2]):
        print(file)
