"""The paper's ablation GRU-Seq2Seq (prior.kind: gru): a GRU over notes and body, and a GRU over codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .attention import CrossAttention, at_every_step, within
from .config import Config
from .paper import AnyPrior, PaperModel


class ContentGru(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.embedding = nn.Embedding(129, c.vqvae.code_width)
        self.encoder = nn.GRU(c.width, c.width // 2, c.content.layers, batch_first=True, bidirectional=True)

    def forward(self, notes: Tensor, body: Tensor) -> Tensor:  # [B, T], [B, (T,) H] -> [B, T, W]
        return self.encoder(torch.cat([self.embedding(notes), at_every_step(body, notes.shape[1])], -1))[0]


class PriorGru(AnyPrior):
    """Starts from the note encoder's last states and attends to all of its outputs after the recurrence."""

    def __init__(self, c: Config):
        super().__init__(c)
        self.layers, self.width = c.prior.layers, c.width
        if c.content.enabled:
            self.bridge = nn.Linear(c.width, c.prior.layers * c.width)
        self.decoder = nn.GRU(c.width, c.width, c.prior.layers, batch_first=True)
        if self.crosses:
            self.norm_cross, self.cross = nn.LayerNorm(c.width), CrossAttention(c.width, c.prior.heads)

    def first_state(self, memory: Tensor | None, batch: int) -> Tensor:  # [L, B, W]
        if memory is None:
            return self.start.new_zeros(self.layers, batch, self.width)
        half = self.width // 2
        last = torch.cat([memory[:, -1, :half], memory[:, 0, half:]], -1)  # forward at the end, backward at the start
        return self.bridge(last).tanh().view(batch, self.layers, self.width).transpose(0, 1).contiguous()

    def forward(self, codes: Tensor, body: Tensor, memory: Tensor | None = None) -> Tensor:
        x, _ = self.decoder(self.inputs(codes, body, memory), self.first_state(memory, codes.shape[0]))
        if memory is not None and self.crosses:
            near = within(codes.shape[1], self.context, causal=False, device=x.device)
            x = x + self.cross(self.norm_cross(x), self.cross.keys(memory), near)
        return self.logits_of(x)

    def steps(self, body: Tensor, memory: Tensor | None = None):
        state = self.first_state(memory, len(body))
        keys = self.cross.keys(memory) if memory is not None and self.crosses else None
        previous = self.start.expand(len(body), -1)
        for t in range(body.shape[1]):
            x, state = self.decoder(self.input_of_step(previous, body, memory, t), state)
            if keys is not None:
                x = x + self.cross.near(self.norm_cross(x), keys, t, self.context)
            previous = self.embedding((yield self.logits_of(x)[:, 0]))


def paper_model(config: Config) -> PaperModel:
    """The paper's model with the kind of prior given in its configuration."""
    return PaperModel(config, PriorGru, ContentGru) if config.prior.kind == "gru" else PaperModel(config)
