"""The part of a training configuration that shapes the network; names as in train_config.hpp."""

from __future__ import annotations

import dataclasses

import yaml


@dataclasses.dataclass
class Config:
    """Shapes and constants, with the letters of docs/architecture.md in the comments."""

    bins: int = 1024  # F
    channels: int = 512  # C
    bands: tuple[int, ...] = (16, 8, 4, 2)  # N of the encoder's blocks; the decoder mirrors them
    residual_blocks: int = 2
    codes: int = 1024  # K
    code_width: int = 64  # D
    beta: float = 0.25
    ema_decay: float = 0.99
    laplace: float = 1e-5
    body_hidden: int = 32  # H / 2
    body_layers: int = 3
    prior_kind: str = "transformer"  # or "gru"
    prior_layers: int = 2
    prior_heads: int = 8
    prior_ffn: int = 512
    dropout: float = 0.1
    context: int = 250
    head: str = "linear"  # or "tied"
    content_enabled: bool = True
    content_layers: int = 2
    content_heads: int = 8
    content_ffn: int = 512
    alignment: str = "cross_attention"  # or "added" or "both"

    @property
    def body_width(self) -> int:  # H
        return 2 * self.body_hidden

    @property
    def width(self) -> int:  # W
        return self.code_width + self.body_width

    @staticmethod
    def from_yaml(text: str) -> "Config":
        """From the text of a run's config.yaml; missing keys keep the paper's values."""
        tree = yaml.safe_load(text) or {}
        flat = {
            "bins": ("spectrogram", "bins"),
            "channels": ("vqvae", "channels"),
            "bands": ("vqvae", "bands"),
            "residual_blocks": ("vqvae", "residual_blocks"),
            "codes": ("vqvae", "codes"),
            "code_width": ("vqvae", "code_width"),
            "beta": ("vqvae", "beta"),
            "ema_decay": ("vqvae", "ema_decay"),
            "laplace": ("vqvae", "laplace"),
            "body_hidden": ("body", "hidden"),
            "body_layers": ("body", "layers"),
            "prior_kind": ("prior", "kind"),
            "prior_layers": ("prior", "layers"),
            "prior_heads": ("prior", "heads"),
            "prior_ffn": ("prior", "ffn"),
            "dropout": ("prior", "dropout"),
            "context": ("prior", "context"),
            "head": ("prior", "head"),
            "content_enabled": ("content", "enabled"),
            "content_layers": ("content", "layers"),
            "content_heads": ("content", "heads"),
            "content_ffn": ("content", "ffn"),
            "alignment": ("content", "alignment"),
        }
        given = {
            name: tree[room][key]
            for name, (room, key) in flat.items()
            if room in tree and key in tree[room]
        }
        # YAML 1.1 reads 1e-05 (without a decimal point) as text.
        for name in ("beta", "ema_decay", "laplace", "dropout"):
            if name in given:
                given[name] = float(given[name])
        if "bands" in given:
            given["bands"] = tuple(given["bands"])
        return Config(**given)
