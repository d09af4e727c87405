"""Loads trained models from the programs' files."""

from __future__ import annotations

import hashlib
import os
import pathlib

import safetensors

from .baselines import BaselineModel
from .config import Config, value_of
from .gru import paper_model
from .paper import PaperModel
from .plus import PlusModel
from .spectrograms import SpectrogramModel

KINDS = {"minet": paper_model, "plus": PlusModel, "seq2seq": BaselineModel, "graph_transformer": BaselineModel}


def check_data(file: pathlib.Path, sha256: str) -> None:
    with open(file, "rb") as opened:
        opened.seek(8 + int.from_bytes(opened.read(8), "little"))  # behind the header
        if hashlib.sha256(opened.read()).hexdigest() != sha256:
            raise ValueError(f"{file}: expected the numbers that were saved, but the file is damaged; copy it again")


def load(path: str | os.PathLike) -> PaperModel | PlusModel | BaselineModel:
    """`path`: a run of mi_train, a folder with model.safetensors (models/plus), or the file. On the CPU, in eval mode.

    As in the programs, the configuration in the file applies, except that `generation` may come from a config.yaml
    beside it.
    """
    path = pathlib.Path(path)
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"{path}: expected a run, a folder with model.safetensors, or that file")
    with safetensors.safe_open(file, framework="pt") as opened:
        metadata = opened.metadata() or {}
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}
    if metadata.get("format") != "minet":
        raise ValueError(f"{file}: expected a model of minet, got other tensors")
    if "sha256" in metadata:
        check_data(file, metadata["sha256"])
    config = Config.from_text(metadata["config"])
    beside = file.parent / "config.yaml"
    if beside.is_file():
        config.generation = Config.from_text(beside.read_text(encoding="utf-8")).generation
    if config.model.kind not in KINDS:
        raise ValueError(f"{file}: expected model.kind {' or '.join(KINDS)}, got {config.model.kind}")
    model = KINDS[config.model.kind](config)
    # The matching network of bodies and sounds is needed only in training.
    wanted = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
        if not name.startswith("match.")
    }
    try:
        model.load_state_dict(wanted)
    except RuntimeError as error:
        raise ValueError(f"{file}: {error}") from error
    if isinstance(model, SpectrogramModel):
        model.scale = {name: value_of(metadata["scale_" + name]) for name in model.scale}
    if not isinstance(model, BaselineModel):
        model.prior_trained = metadata.get("prior_trained") == "true"
        # The default is for files from before this was recorded.
        model.notes_trained = metadata.get("notes_trained", "true" if config.content.enabled else "false") == "true"
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model.eval()
