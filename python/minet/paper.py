"""The paper's model (arXiv 2012.03478): VQ-VAE, body encoder, content transformer and prior.

Parameters are named as in the file. docs/networks.md specifies every layer.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .attention import Block, at_every_step, within
from .config import Config
from .sampling import Sampling, draw
from .spectrograms import SpectrogramModel


class ConvBlock(nn.Module):
    """x + conv(relu(conv(x))), with the channels in `bands` independent groups."""

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
    """Standardised log-spectrograms to one code per frame and back."""

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


class AnyPrior(nn.Module):
    """Logits of each code, given the previous codes, the body and, if there are any, the notes.

    The interface of all priors: forward(codes [B, T], body [B, H] or [B, T, H], memory [B, T, W] from the note
    encoder) -> [B, T, K]; and steps(body, memory), a generator that yields the logits [B, K] of one step after the
    other and is sent the codes [B] chosen from them.
    """

    def __init__(self, c: Config):
        super().__init__()
        self.context, self.tied = c.prior.context, c.prior.head == "tied"
        self.crosses = c.content.enabled and c.content.alignment in ("cross_attention", "both")
        self.adds = c.content.enabled and c.content.alignment in ("added", "both")
        self.embedding = nn.Embedding(c.vqvae.codes, c.vqvae.code_width)
        self.start = nn.Parameter(torch.zeros(c.vqvae.code_width))
        self.norm_out = nn.LayerNorm(c.width)
        if self.tied:
            self.to_code = nn.Linear(c.width, c.vqvae.code_width)
            self.head_bias = nn.Parameter(torch.zeros(c.vqvae.codes))
        else:
            self.head = nn.Linear(c.width, c.vqvae.codes, bias=False)

    def logits_of(self, x: Tensor) -> Tensor:
        x = self.norm_out(x)
        return F.linear(self.to_code(x), self.embedding.weight, self.head_bias) if self.tied else self.head(x)

    def inputs(self, codes: Tensor, body: Tensor, memory: Tensor | None) -> Tensor:  # [B, T, W]
        previous = torch.cat([self.start.expand(codes.shape[0], 1, -1), self.embedding(codes[:, :-1])], 1)
        x = torch.cat([previous, at_every_step(body, codes.shape[1])], -1)
        return x if memory is None or not self.adds else x + memory

    def input_of_step(self, previous: Tensor, body: Tensor, memory: Tensor | None, t: int) -> Tensor:  # [B, 1, W]
        x = torch.cat([previous, body[:, t]], -1)[:, None]
        return x if memory is None or not self.adds else x + memory[:, t : t + 1]


class Prior(AnyPrior):
    def __init__(self, c: Config):
        super().__init__(c)
        self.blocks = nn.ModuleList(
            Block(c.width, c.prior.heads, c.prior.ffn, cross=self.crosses) for _ in range(c.prior.layers)
        )

    def forward(self, codes: Tensor, body: Tensor, memory: Tensor | None = None) -> Tensor:
        steps, x = codes.shape[1], self.inputs(codes, body, memory)
        causal = within(steps, self.context, causal=True, device=x.device)
        near = within(steps, self.context, causal=False, device=x.device)
        for block in self.blocks:
            x = x + block.attention(block.norm1(x), causal)
            if memory is not None and self.crosses:
                x = x + block.cross(block.norm_cross(x), block.cross.keys(memory), near)
            x = block.rest(x)
        return self.logits_of(x)

    def steps(self, body: Tensor, memory: Tensor | None = None):
        past = [[] for _ in self.blocks]
        keys = [block.cross.keys(memory) if memory is not None and self.crosses else None for block in self.blocks]
        previous = self.start.expand(body.shape[0], -1)
        for t in range(body.shape[1]):
            x = self.input_of_step(previous, body, memory, t)
            for block, own, theirs in zip(self.blocks, past, keys):
                x = x + block.attention.step(block.norm1(x), own, t, self.context)
                if theirs is not None:
                    x = x + block.cross.near(block.norm_cross(x), theirs, t, self.context)
                x = block.rest(x)
            previous = self.embedding((yield self.logits_of(x)[:, 0]))


class PaperModel(SpectrogramModel):
    """The four networks; content is None if the model takes no notes. Ablations replace some of them."""

    def __init__(self, config: Config, prior: type[AnyPrior] = Prior, content: type[nn.Module] = ContentTransformer):
        super().__init__(config)
        self.vqvae, self.body, self.prior = VqVae(config), BodyEncoder(config), prior(config)
        self.content = content(config) if config.content.enabled else None

    def forward(self, codes: Tensor, pose: Tensor, notes: Tensor | None = None) -> Tensor:
        """Logits [B, T, K] of codes [B, T], keypoints [B, P, 94] and note indices [B, T]."""
        body = self.body(pose)
        return self.prior(codes, body, None if notes is None else self.content(notes, body))

    @torch.no_grad()
    def sample_codes(
        self, body: Tensor, sampling: Sampling, uniforms: Iterable[float], notes: Tensor | None = None
    ) -> Tensor:
        """body [1, T, H], note indices [1, T] -> codes [1, T]; each is decided by one number from `uniforms`."""
        memory = None if notes is None else self.content(notes, body)
        codes, steps = [], self.prior.steps(body, memory)
        logits = next(steps)
        for uniform, t in zip(uniforms, range(body.shape[1])):
            codes.append(draw(logits[0].cpu().numpy(), sampling, uniform))
            if t + 1 < body.shape[1]:
                logits = steps.send(torch.tensor(codes[-1:], device=body.device))
        return torch.tensor([codes])
