"""Sound to standardised log-spectrograms and back to magnitudes, for models that generate spectrograms."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .config import Config


class SpectrogramModel(nn.Module):
    """Holds config and the scale from the model's file."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.scale = {"kind": "decibel", "reference": 1.0, "floor_db": -80.0, "mean": 0.0, "deviation": 1.0}
        self.prior_trained = self.notes_trained = False

    def to_log(self, magnitudes: Tensor) -> Tensor:
        """|STFT| (Hann window, no scaling, without the highest bin) -> standardised log-spectrogram."""
        s = self.scale
        if s["kind"] == "decibel":
            floor = s["reference"] * 10 ** (s["floor_db"] / 20)
            level = 20 * torch.log10(magnitudes.clamp_min(floor) / s["reference"])
        else:
            level = torch.log1p(magnitudes)
        return (level - s["mean"]) / s["deviation"]

    def to_magnitudes(self, spectrogram: Tensor) -> Tensor:
        """The inverse; less than half a decibel above the floor is silence, and levels are limited to 60 dB."""
        s = self.scale
        level = spectrogram * s["deviation"] + s["mean"]
        if s["kind"] != "decibel":
            return torch.expm1(level).clamp_min(0)
        return torch.where(level < s["floor_db"] + 0.5, 0.0, s["reference"] * 10 ** (level.clamp_max(60) / 20))

    def spectrogram(self, sound: np.ndarray | Tensor) -> Tensor:
        """Samples [n] at the model's rate -> standardised log-spectrogram [1, F, T]."""
        c = self.config.spectrogram
        stft = torch.stft(
            torch.as_tensor(sound, dtype=torch.float32),
            c.n_fft,
            c.hop,
            window=torch.hann_window(c.n_fft),
            pad_mode="constant",
            return_complex=True,
        )
        return self.to_log(stft.abs()[None, : c.bins])
