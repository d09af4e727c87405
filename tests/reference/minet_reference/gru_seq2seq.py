"""The ablation of table 5, GRU-Seq2Seq: a GRU over notes and body, and a GRU over codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import Config
from .modules import CrossAttention, at_every_step, band


class ContentGru(nn.Module):
    """The encoder."""

    def __init__(self, c: Config):
        super().__init__()
        self.embedding = nn.Embedding(129, c.width - c.body_width)
        self.encoder = nn.GRU(c.width, c.width // 2, c.content_layers, batch_first=True, bidirectional=True)

    def forward(self, notes: Tensor, body: Tensor) -> Tensor:  # [B, T], [B, (T,) H] -> [B, T, W]
        x = torch.cat([self.embedding(notes), at_every_step(body, notes.shape[1])], dim=-1)
        return self.encoder(x)[0]


class PriorGru(nn.Module):
    """The decoder, one code after another."""

    def __init__(self, c: Config):
        super().__init__()
        self.context, self.width, self.layers = c.context, c.width, c.prior_layers
        self.tied = c.head == "tied"
        self.crosses = c.content_enabled and c.alignment in ("cross_attention", "both")
        self.adds = c.content_enabled and c.alignment in ("added", "both")
        self.embedding = nn.Embedding(c.codes, c.code_width)
        self.start = nn.Parameter(torch.zeros(c.code_width))
        if c.content_enabled:
            self.bridge = nn.Linear(c.width, c.prior_layers * c.width)
        self.decoder = nn.GRU(c.width, c.width, c.prior_layers, batch_first=True)
        if self.crosses:
            self.norm_cross = nn.LayerNorm(c.width, eps=1e-5)
            self.cross = CrossAttention(c.width, c.prior_heads)
        self.norm_out = nn.LayerNorm(c.width, eps=1e-5)
        if self.tied:
            self.to_code = nn.Linear(c.width, c.code_width)
            self.head_bias = nn.Parameter(torch.zeros(c.codes))
        else:
            self.head = nn.Linear(c.width, c.codes, bias=False)

    def first_state(self, memory: Tensor, present: Tensor) -> Tensor:  # -> [L, B, W]
        half = self.width // 2
        forwards_end, backwards_end = memory[:, -1, :half], memory[:, 0, half:]
        state = torch.tanh(self.bridge(torch.cat([forwards_end, backwards_end], dim=-1)))  # [B, L W]
        parts = state.split(self.width, dim=-1)  # one per layer
        return torch.stack([present[:, None] * part for part in parts])

    def forward(
        self,
        codes: Tensor,  # [B, T]
        body: Tensor,  # [B, H] or [B, T, H]
        memory: Tensor | None = None,  # [B, T, W], the encoder's states
        present: Tensor | None = None,  # [B], 1 where the clip's notes may be seen
    ) -> Tensor:  # [B, T, K]
        batch, steps = codes.shape
        if present is None:
            present = body.new_ones(batch)
        h = at_every_step(body, steps)
        state = h.new_zeros(self.layers, batch, self.width)
        if memory is not None:
            state = self.first_state(memory, present)
        states = []
        for t in range(steps):
            previous = self.start.expand(batch, -1) if t == 0 else self.embedding(codes[:, t - 1])
            x = torch.cat([previous, h[:, t]], dim=-1)  # [B, W]
            if memory is not None and self.adds:
                x = x + present[:, None] * memory[:, t]
            _, state = self.decoder(x[:, None], state)
            states.append(state[-1])
        x = torch.stack(states, dim=1)  # [B, T, W]
        if memory is not None and self.crosses:
            seen = self.cross(self.norm_cross(x), memory, band(steps, self.context, causal=False))
            x = x + present[:, None, None] * seen
        x = self.norm_out(x)
        if self.tied:
            return self.to_code(x) @ self.embedding.weight.T + self.head_bias
        return self.head(x)
