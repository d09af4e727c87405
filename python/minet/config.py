"""Configurations as minet writes them: two-level YAML, one key per line."""

from __future__ import annotations

import math
from types import SimpleNamespace

# Keys that older or hand-written files may omit: those defaults of docs/configuration.md that shape a model or its use.
DEFAULTS = {
    "model": {"kind": "minet"},
    "spectrogram": {"sample_rate": 16000, "n_fft": 2048, "hop": 256, "bins": 1024, "scale": "decibel", "floor_db": -80},
    "pose": {"fps": 25},
    "data": {"clip_seconds": 4},
    "vqvae": {"channels": 512, "bands": [16, 8, 4, 2], "residual_blocks": 2, "codes": 1024, "code_width": 64},
    "body": {"hidden": 32, "layers": 3},
    "prior": {"kind": "transformer", "layers": 2, "heads": 8, "ffn": 512, "context": 250, "head": "linear"},
    "content": {"enabled": True, "layers": 2, "heads": 8, "ffn": 512, "alignment": "cross_attention"},
    "seq2seq": {"hidden": 256, "layers": 2},
    "graph_transformer": {
        "blocks": [64, 64, 64, 64, 128, 128, 128, 256, 256, 256],
        "temporal_kernel": 9,
        "width": 512,
        "layers": 6,
        "heads": 8,
        "ffn": 1024,
    },
    "plus": {
        "harmonics": 80,
        "noise_bands": 65,
        "synthesiser_width": 192,
        "motion_hidden": 128,
        "motion_layers": 2,
        "prior_width": 192,
        "prior_layers": 2,
        "levels": 32,
    },
    "generation": {
        "temperature": 1,
        "top_p": 1,
        "notes_temperature": 1,
        "notes_top_p": 1,
        "top_k": 0,
        "level_temperature": 0.5,
    },
}


def value_of(word: str):
    """A YAML scalar, or a list of them in brackets."""
    word = word.strip()
    if word.startswith("[") and word.endswith("]"):
        return [value_of(part) for part in word[1:-1].split(",") if part.strip()]
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            pass
    return word.strip("\"'")


def parse(text: str) -> dict[str, dict]:
    """{section: {key: value}} of a configuration's text."""
    tree: dict[str, dict] = {}
    section: dict = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split(" #")[0].rstrip()
        if not line or line.lstrip().startswith("#"):
            continue
        key, colon, word = line.strip().partition(":")
        if not colon:
            raise ValueError(f"configuration, line {number}: expected 'key: value', got {line.strip()!r}")
        if line[0] != " ":
            if word.strip():
                raise ValueError(
                    f"configuration, line {number}: expected keys below '{key}', one per line, got {word.strip()!r}"
                )
            section = tree.setdefault(key, {})
        else:
            section[key] = value_of(word)
    return tree


class Config(SimpleNamespace):
    """A configuration with the defaults filled in: config.vqvae.codes."""

    @staticmethod
    def from_text(text: str) -> "Config":
        given = parse(text)
        names = {*DEFAULTS, *given}
        return Config(**{name: SimpleNamespace(**{**DEFAULTS.get(name, {}), **given.get(name, {})}) for name in names})

    @property
    def frame_rate(self) -> float:
        """Spectrogram frames, codes and note steps per second."""
        return self.spectrogram.sample_rate / self.spectrogram.hop

    @property
    def clip_frames(self) -> int:  # T
        return math.floor(self.data.clip_seconds * self.spectrogram.sample_rate / self.spectrogram.hop)

    @property
    def clip_pose_frames(self) -> int:  # P
        return math.floor(self.data.clip_seconds * self.pose.fps)

    @property
    def body_width(self) -> int:  # H
        return 2 * self.body.hidden

    @property
    def width(self) -> int:  # W
        return self.vqvae.code_width + self.body_width
