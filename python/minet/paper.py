"""The paper's model (arXiv 2012.03478): VQ-VAE, body encoder, content transformer and prior.

Names of parameters are those of the file. docs/networks.md specifies every layer.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import Config
from .sampling import Sampling, draw


class ConvBlock(nn.Module):
    """x + conv(relu(conv(x))), with `bands` groups of channels apart from each other."""

    def __init__(self, channels: int, bands: int = 1):
        super().__init__()
        self.conv1 = nn.Conv1d(channels, channels, 3, padding=1, groups=bands)
        self.conv2 = nn.Conv1d(channels, channels, 3, padding=1, groups=bands)

    def forward(self, x: Tensor) -> Tensor:  # [B, C, T]
        return x + self.conv2(F.relu(self.conv1(x)))


class Encoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        v = c.vqvae
        self.stem = nn.Conv1d(c.spectrogram.bins, v.channels, 3, padding=1)
        self.mbr = nn.ModuleList(ConvBlock(v.channels, bands) for bands in v.bands)
        self.res = nn.ModuleList(ConvBlock(v.channels) for _ in range(v.residual_blocks))
        self.head = nn.Conv1d(v.channels, v.code_width, 3, padding=1)

    def forward(self, spectrogram: Tensor) -> Tensor:  # [B, F, T] -> [B, D, T]
        x = F.relu(self.stem(spectrogram))
        for block in (*self.mbr, *self.res):
            x = block(x)
        return self.head(x)


class Decoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        v = c.vqvae
        self.stem = nn.Conv1d(v.code_width, v.channels, 3, padding=1)
        self.res = nn.ModuleList(ConvBlock(v.channels) for _ in range(v.residual_blocks))
        self.mbr = nn.ModuleList(ConvBlock(v.channels, bands) for bands in reversed(v.bands))
        self.head = nn.Conv1d(v.channels, c.spectrogram.bins, 3, padding=1)

    def forward(self, quantised: Tensor) -> Tensor:  # [B, D, T] -> [B, F, T]
        x = F.relu(self.stem(quantised))
        for block in (*self.res, *self.mbr):
            x = block(x)
        return self.head(x)


class Quantizer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.register_buffer("codes", torch.zeros(c.vqvae.codes, c.vqvae.code_width))  # [K, D]


class VqVae(nn.Module):
    """Log-spectrograms, standardised, to one code a frame and back."""

    def __init__(self, c: Config):
        super().__init__()
        self.encoder, self.decoder, self.quantizer = Encoder(c), Decoder(c), Quantizer(c)

    def encode(self, spectrogram: Tensor) -> Tensor:  # [B, F, T] -> [B, T]
        vectors, codes = self.encoder(spectrogram).transpose(1, 2), self.quantizer.codes
        return ((codes**2).sum(1) - 2 * vectors @ codes.T).argmin(-1)  # |v|^2 is the same for every code

    def decode(self, codes: Tensor) -> Tensor:  # [B, T] -> [B, F, T]
        return self.decoder(self.quantizer.codes[codes].transpose(1, 2))


class BodyEncoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.gru = nn.GRU(94, c.body.hidden, c.body.layers, batch_first=True, bidirectional=True)

    def forward(self, pose: Tensor) -> Tensor:  # [B, P, 94] -> [B, H]
        _, last = self.gru(pose)
        return torch.cat([last[-2], last[-1]], -1)


def turned(x: Tensor, first: int = 0) -> Tensor:
    """Rotary positions: x [B, heads, T, d], whose first step is at position `first`."""
    half = x.shape[-1] // 2
    positions = torch.arange(first, first + x.shape[2], device=x.device, dtype=torch.float64)
    speeds = 10000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float64) / half)
    angles = positions[:, None] * speeds
    cosines, sines = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cosines - b * sines, a * sines + b * cosines], -1)


def within(steps: int, context: int, causal: bool, device) -> Tensor:
    """[T, T]: may step t (row) see step s (column)?"""
    t = torch.arange(steps, device=device)
    back = t[:, None] - t
    return (back >= 0) & (back < context) if causal else back.abs() < context


def heads_of(x: Tensor, parts: int, heads: int) -> list[Tensor]:
    """[B, T, parts * W] -> `parts` times [B, heads, T, W / heads]."""
    batch, steps, width = x.shape[0], x.shape[1], x.shape[2] // (parts * heads)
    return [part.reshape(batch, steps, heads, width).transpose(1, 2) for part in x.chunk(parts, -1)]


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = heads_of(self.qkv(x), 3, self.heads)
        return self.out(F.scaled_dot_product_attention(turned(q), turned(k), v, seen).transpose(1, 2).flatten(2))

    def step(self, x: Tensor, past: list, at: int, context: int) -> Tensor:
        """One step [B, 1, W] at position `at`; `past` keeps the keys and values of the last `context`."""
        q, k, v = heads_of(self.qkv(x), 3, self.heads)
        k = turned(k, at)
        if past:
            k, v = (torch.cat([old, new], 2)[:, :, -context:] for old, new in zip(past, (k, v)))
        past[:] = k, v
        return self.out(F.scaled_dot_product_attention(turned(q, at), k, v).transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q, self.kv, self.out = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)

    def keys(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        k, v = heads_of(self.kv(memory), 2, self.heads)
        return turned(k), v

    def forward(self, x: Tensor, keys: tuple[Tensor, Tensor], seen: Tensor, first: int = 0) -> Tensor:
        (q,), (k, v) = heads_of(self.q(x), 1, self.heads), keys
        return self.out(F.scaled_dot_product_attention(turned(q, first), k, v, seen).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, ffn: int, cross: bool):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        if cross:
            self.norm_cross, self.cross = nn.LayerNorm(width), CrossAttention(width, heads)
        self.norm2, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, ffn), nn.Linear(ffn, width)

    def rest(self, x: Tensor) -> Tensor:
        return x + self.down(F.relu(self.up(self.norm2(x))))


def at_every_step(body: Tensor, steps: int) -> Tensor:
    """[B, H] -> [B, T, H]; a body vector of every step stays as it is."""
    return body if body.dim() == 3 else body[:, None].repeat(1, steps, 1)


class ContentTransformer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.context = c.prior.context
        self.embedding = nn.Embedding(129, c.vqvae.code_width)
        self.blocks = nn.ModuleList(
            Block(c.width, c.content.heads, c.content.ffn, cross=False) for _ in range(c.content.layers)
        )
        self.norm_out, self.fc = nn.LayerNorm(c.width), nn.Linear(c.width, c.width)

    def forward(self, notes: Tensor, body: Tensor) -> Tensor:  # [B, T], [B, (T,) H] -> [B, T, W]
        steps = notes.shape[1]
        x = torch.cat([self.embedding(notes), at_every_step(body, steps)], -1)
        seen = within(steps, self.context, causal=False, device=x.device)
        for block in self.blocks:
            x = block.rest(x + block.attention(block.norm1(x), seen))
        return self.fc(self.norm_out(x))


class Prior(nn.Module):
    """Logits of each code, given the codes before it, the body and, where there are some, the notes."""

    def __init__(self, c: Config):
        super().__init__()
        self.context, self.tied = c.prior.context, c.prior.head == "tied"
        self.crosses = c.content.enabled and c.content.alignment in ("cross_attention", "both")
        self.adds = c.content.enabled and c.content.alignment in ("added", "both")
        self.embedding = nn.Embedding(c.vqvae.codes, c.vqvae.code_width)
        self.start = nn.Parameter(torch.zeros(c.vqvae.code_width))
        self.blocks = nn.ModuleList(
            Block(c.width, c.prior.heads, c.prior.ffn, cross=self.crosses) for _ in range(c.prior.layers)
        )
        self.norm_out = nn.LayerNorm(c.width)
        if self.tied:
            self.to_code = nn.Linear(c.width, c.vqvae.code_width)
            self.head_bias = nn.Parameter(torch.zeros(c.vqvae.codes))
        else:
            self.head = nn.Linear(c.width, c.vqvae.codes, bias=False)

    def logits_of(self, x: Tensor) -> Tensor:
        x = self.norm_out(x)
        return F.linear(self.to_code(x), self.embedding.weight, self.head_bias) if self.tied else self.head(x)

    def forward(self, codes: Tensor, body: Tensor, memory: Tensor | None = None) -> Tensor:
        """codes [B, T], body [B, H] or [B, T, H], memory [B, T, W] of the content transformer -> [B, T, K]."""
        batch, steps = codes.shape
        previous = torch.cat([self.start.expand(batch, 1, -1), self.embedding(codes[:, :-1])], 1)
        x = torch.cat([previous, at_every_step(body, steps)], -1)
        if memory is not None and self.adds:
            x = x + memory
        causal = within(steps, self.context, causal=True, device=x.device)
        near = within(steps, self.context, causal=False, device=x.device)
        for block in self.blocks:
            x = x + block.attention(block.norm1(x), causal)
            if memory is not None and self.crosses:
                x = x + block.cross(block.norm_cross(x), block.cross.keys(memory), near)
            x = block.rest(x)
        return self.logits_of(x)

    def steps(self, body: Tensor, memory: Tensor | None = None):
        """A generator: yields logits [B, K] of one step after the other, and is sent the codes [B] chosen from them."""
        past = [[] for _ in self.blocks]
        keys = [block.cross.keys(memory) if memory is not None and self.crosses else None for block in self.blocks]
        previous = self.start.expand(body.shape[0], -1)
        for t in range(body.shape[1]):
            x = torch.cat([previous, body[:, t]], -1)[:, None]
            if memory is not None and self.adds:
                x = x + memory[:, t : t + 1]
            for block, own, theirs in zip(self.blocks, past, keys):
                x = x + block.attention.step(block.norm1(x), own, t, self.context)
                if theirs is not None:
                    near = slice(max(0, t - self.context + 1), t + self.context)
                    part = tuple(each[:, :, near] for each in theirs)
                    x = x + block.cross(block.norm_cross(x), part, None, t)
                x = block.rest(x)
            previous = self.embedding((yield self.logits_of(x)[:, 0]))


class PaperModel(nn.Module):
    """config, scale (of log-spectrograms) and the four networks; content is None where the model takes no notes."""

    def __init__(self, config: Config):
        super().__init__()
        if config.prior.kind != "transformer":
            raise ValueError(f"expected a transformer as prior, got prior.kind: {config.prior.kind}, an ablation")
        self.config = config
        self.scale = {"kind": "decibel", "reference": 1.0, "floor_db": -80.0, "mean": 0.0, "deviation": 1.0}
        self.prior_trained = self.notes_trained = False
        self.vqvae, self.body, self.prior = VqVae(config), BodyEncoder(config), Prior(config)
        self.content = ContentTransformer(config) if config.content.enabled else None

    def forward(self, codes: Tensor, pose: Tensor, notes: Tensor | None = None) -> Tensor:
        """Logits [B, T, K] of codes [B, T], keypoints [B, P, 94] and note indices [B, T]."""
        body = self.body(pose)
        return self.prior(codes, body, None if notes is None else self.content(notes, body))

    @torch.no_grad()
    def sample_codes(
        self, body: Tensor, sampling: Sampling, uniforms: Iterable[float], notes: Tensor | None = None
    ) -> Tensor:
        """body [1, T, H], note indices [1, T] -> codes [1, T]; one number of `uniforms` decides each."""
        memory = None if notes is None else self.content(notes, body)
        codes, steps = [], self.prior.steps(body, memory)
        logits = next(steps)
        for uniform, t in zip(uniforms, range(body.shape[1])):
            codes.append(draw(logits[0].cpu().numpy(), sampling, uniform))
            if t + 1 < body.shape[1]:
                logits = steps.send(torch.tensor(codes[-1:], device=body.device))
        return torch.tensor([codes])

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
        """The inverse; what is at most half a decibel above the floor is silence, and 60 dB is the loudest."""
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
