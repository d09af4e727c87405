"""Attention with rotary positions, and the transformers' block. docs/networks.md specifies them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def turned(x: Tensor, first: int = 0, spacing: float = 1) -> Tensor:
    """Applies rotary positions to x [B, heads, T, d], whose step t is at position `first` + t * `spacing`."""
    half = x.shape[-1] // 2
    positions = first + spacing * torch.arange(x.shape[2], device=x.device, dtype=torch.float64)
    speeds = 10000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float64) / half)
    angles = positions[:, None] * speeds
    cosines, sines = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cosines - b * sines, a * sines + b * cosines], -1)


def within(steps: int, context: int, causal: bool, device) -> Tensor:
    """[T, T]: whether step t (row) may attend to step s (column)."""
    t = torch.arange(steps, device=device)
    back = t[:, None] - t
    return (back >= 0) & (back < context) if causal else back.abs() < context


def heads_of(x: Tensor, parts: int, heads: int) -> list[Tensor]:
    """[B, T, parts * W] -> `parts` tensors [B, heads, T, W / heads]."""
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

    def keys(self, memory: Tensor, spacing: float = 1) -> tuple[Tensor, Tensor]:
        k, v = heads_of(self.kv(memory), 2, self.heads)
        return turned(k, 0, spacing), v

    def near(self, x: Tensor, keys: tuple[Tensor, Tensor], at: int, context: int) -> Tensor:
        """One step [B, 1, W] at position `at`, which attends to the `context` - 1 steps on either side of it."""
        reach = slice(max(0, at - context + 1), at + context)
        return self(x, tuple(each[:, :, reach] for each in keys), None, at)

    def forward(self, x: Tensor, keys: tuple[Tensor, Tensor], seen: Tensor | None, first: int = 0) -> Tensor:
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
    """[B, H] -> [B, T, H]; body vectors that are already per step are returned unchanged."""
    return body if body.dim() == 3 else body[:, None].repeat(1, steps, 1)
