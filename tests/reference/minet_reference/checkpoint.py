"""A whole model, and reading it from a model.safetensors that the C++ programs wrote."""

from __future__ import annotations

import pathlib

from torch import Tensor, nn

from .config import Config
from .gru_seq2seq import ContentGru, PriorGru
from .modules import BodyEncoder, ContentTransformer, Prior, VqVae


class Model(nn.Module):
    """The parts under the names that prefix their tensors in a file."""

    def __init__(self, c: Config):
        super().__init__()
        gru = c.prior_kind == "gru"
        self.vqvae, self.body = VqVae(c), BodyEncoder(c)
        self.prior = PriorGru(c) if gru else Prior(c)
        if c.content_enabled:
            self.content = ContentGru(c) if gru else ContentTransformer(c)


def read_with_metadata(path: pathlib.Path | str) -> tuple[dict[str, Tensor], dict[str, str]]:
    import safetensors  # here: the networks alone need torch only

    with safetensors.safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}


def read_model(path: pathlib.Path | str) -> tuple[Model, Config, dict[str, str]]:
    """Strict: the file and the mirror must have the same names, with equal shapes."""
    tensors, metadata = read_with_metadata(path)
    config = Config.from_yaml(metadata.get("config", ""))
    model = Model(config)
    model.load_state_dict(tensors, strict=True)
    return model.eval(), config, metadata
