"""The modules. Shapes in comments use the letters of docs/architecture.md.

Everything is written out: masks are built entry by entry, heads are looped over. Parameter names are the file
format. Left out: dropout (goldens are made without it; it is the identity in evaluation) and sampling.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .config import Config


# ---- VQ-VAE ----


class ConvBlock(nn.Module):
    """x + conv2(relu(conv1(x))). With bands = 1 the residual block, otherwise the multi-band one (MBR)."""

    def __init__(self, channels: int, bands: int = 1):
        super().__init__()
        self.bands = bands
        self.conv1 = nn.Conv1d(channels, channels, kernel_size=3, padding=1, groups=bands)
        self.conv2 = nn.Conv1d(channels, channels, kernel_size=3, padding=1, groups=bands)

    def forward(self, x: Tensor) -> Tensor:  # [B, C, T] -> [B, C, T]
        width = x.shape[1] // self.bands
        outputs = []
        for band in range(self.bands):  # each band with its own weights, as the paper draws it
            rows = slice(band * width, (band + 1) * width)
            inner = nn.functional.conv1d(
                x[:, rows], self.conv1.weight[rows], self.conv1.bias[rows], padding=1
            )
            outputs.append(
                nn.functional.conv1d(
                    torch.relu(inner), self.conv2.weight[rows], self.conv2.bias[rows], padding=1
                )
            )
        return x + torch.cat(outputs, dim=1)


class Encoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.stem = nn.Conv1d(c.bins, c.channels, kernel_size=3, padding=1)
        self.mbr = nn.ModuleList(ConvBlock(c.channels, bands) for bands in c.bands)
        self.res = nn.ModuleList(ConvBlock(c.channels) for _ in range(c.residual_blocks))
        self.head = nn.Conv1d(c.channels, c.code_width, kernel_size=3, padding=1)

    def forward(self, spectrogram: Tensor) -> Tensor:  # [B, F, T] -> [B, D, T]
        x = torch.relu(self.stem(spectrogram))
        for block in self.mbr:
            x = block(x)
        for block in self.res:
            x = block(x)
        return self.head(x)


class Decoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.stem = nn.Conv1d(c.code_width, c.channels, kernel_size=3, padding=1)
        self.res = nn.ModuleList(ConvBlock(c.channels) for _ in range(c.residual_blocks))
        self.mbr = nn.ModuleList(ConvBlock(c.channels, bands) for bands in reversed(c.bands))
        self.head = nn.Conv1d(c.channels, c.bins, kernel_size=3, padding=1)

    def forward(self, codes: Tensor) -> Tensor:  # [B, D, T] -> [B, F, T]
        x = torch.relu(self.stem(codes))
        for block in self.res:
            x = block(x)
        for block in self.mbr:
            x = block(x)
        return self.head(x)


class VectorQuantizer(nn.Module):
    """The codebook; learned by moving averages, not by gradients."""

    def __init__(self, c: Config):
        super().__init__()
        self.decay, self.laplace = c.ema_decay, c.laplace
        self.register_buffer("codes", torch.randn(c.codes, c.code_width))  # [K, D]
        # Training's running averages; not part of model.safetensors.
        self.register_buffer("counts", torch.zeros(c.codes), persistent=False)  # [K]
        self.register_buffer("sums", torch.zeros(c.codes, c.code_width), persistent=False)

    def distances(self, vectors: Tensor) -> Tensor:  # [M, D] -> [M, K]
        return ((vectors[:, None, :] - self.codes[None, :, :]) ** 2).sum(-1)

    def nearest(self, vectors: Tensor) -> Tensor:  # [M, D] -> [M]
        distances = self.distances(vectors)
        smallest = distances.min(dim=1, keepdim=True).values
        index = torch.arange(distances.shape[1]).expand_as(distances)
        return torch.where(distances == smallest, index, distances.shape[1]).min(dim=1).values

    @torch.no_grad()
    def update(self, vectors: Tensor, codes: Tensor) -> None:
        """One step of the moving averages, from vectors [M, D] and their codes [M]."""
        counts, sums = torch.zeros_like(self.counts), torch.zeros_like(self.sums)
        for vector, code in zip(vectors, codes.tolist()):
            counts[code] += 1
            sums[code] += vector
        self.counts.copy_(self.decay * self.counts + (1 - self.decay) * counts)
        self.sums.copy_(self.decay * self.sums + (1 - self.decay) * sums)
        n, k = self.counts.sum(), self.counts.numel()
        smoothed = (self.counts + self.laplace) / (n + k * self.laplace) * n
        self.codes.copy_(self.sums / smoothed[:, None])

    @torch.no_grad()
    def start(self, centres: Tensor, sizes: Tensor, tokens_per_batch: int) -> None:
        """Starts from k-means: centres [K, D] and the number of vectors of each [K]."""
        self.codes.copy_(centres)
        self.counts.copy_(sizes * tokens_per_batch / sizes.sum())
        self.sums.copy_(self.codes * self.counts[:, None])

    @torch.no_grad()
    def initialise(
        self, vectors: Tensor, tokens_per_batch: int, generator: torch.Generator, rounds: int = 50
    ) -> None:
        """Lloyd's k-means from random distinct vectors; an empty cluster takes the farthest vector."""
        k = self.codes.shape[0]
        centres = vectors[torch.randperm(len(vectors), generator=generator)[:k]].clone()
        for _ in range(rounds):
            distances = ((vectors[:, None, :] - centres[None, :, :]) ** 2).sum(-1)
            nearest = distances.argmin(dim=1)
            far = distances.min(dim=1).values.argsort(descending=True).tolist()
            for code in range(k):
                members = vectors[nearest == code]
                centres[code] = members.mean(0) if len(members) else vectors[far.pop(0)]
        nearest = ((vectors[:, None, :] - centres[None, :, :]) ** 2).sum(-1).argmin(dim=1)
        self.start(centres, torch.bincount(nearest, minlength=k).to(vectors), tokens_per_batch)

    @torch.no_grad()
    def dead(self, tokens: int, threshold: float) -> Tensor:  # [K], true where a code is too rare
        return self.counts < threshold * tokens / self.counts.numel()

    @torch.no_grad()
    def revive(self, vectors: Tensor, threshold: float, generator: torch.Generator) -> int:
        """Dead codes become random vectors of the batch [M, D]."""
        usual = len(vectors) / self.counts.numel()
        dead = self.dead(len(vectors), threshold).nonzero().flatten().tolist()
        for code in dead:
            chosen = vectors[int(torch.randint(len(vectors), (1,), generator=generator))]
            self.codes[code] = chosen
            self.counts[code] = usual
            self.sums[code] = chosen * usual
        return len(dead)


class VqVae(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.beta = c.beta
        self.encoder, self.decoder, self.quantizer = Encoder(c), Decoder(c), VectorQuantizer(c)

    def forward(self, spectrogram: Tensor, quantise: bool) -> dict[str, Tensor]:
        encoded = self.encoder(spectrogram)  # [B, D, T]
        if not quantise:
            reconstruction = self.decoder(encoded)
            error = ((spectrogram - reconstruction) ** 2).mean()
            return {
                "reconstruction": reconstruction,
                "encoded": encoded,
                "reconstruction_loss": error,
                "loss": error,
            }
        vectors = encoded.transpose(1, 2)  # [B, T, D]
        codes = self.quantizer.nearest(vectors.reshape(-1, vectors.shape[-1])).view(
            vectors.shape[:2]
        )
        chosen = self.quantizer.codes[codes].transpose(1, 2)  # [B, D, T]
        commitment = ((encoded - chosen.detach()) ** 2).mean()
        straight_through = encoded + (chosen - encoded).detach()
        reconstruction = self.decoder(straight_through)
        error = ((spectrogram - reconstruction) ** 2).mean()
        return {
            "reconstruction": reconstruction,
            "encoded": encoded,
            "codes": codes,
            "reconstruction_loss": error,
            "commitment_loss": commitment,
            "loss": error + self.beta * commitment,
        }

    def encode(self, spectrogram: Tensor) -> Tensor:  # [B, F, T] -> [B, T]
        return self.forward(spectrogram, quantise=True)["codes"]

    def decode(self, codes: Tensor) -> Tensor:  # [B, T] -> [B, F, T]
        return self.decoder(self.quantizer.codes[codes].transpose(1, 2))


# ---- body ----


class BodyEncoder(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.gru = nn.GRU(
            94, c.body_hidden, num_layers=c.body_layers, batch_first=True, bidirectional=True
        )

    def forward(self, pose: Tensor) -> Tensor:  # [B, P, 94] -> [B, H]
        outputs, _ = self.gru(pose)  # [B, P, 2 * hidden] of the last layer
        hidden = self.gru.hidden_size
        forward_end = outputs[:, -1, :hidden]  # has seen every frame, first to last
        backward_end = outputs[:, 0, hidden:]  # has seen every frame, last to first
        return torch.cat([forward_end, backward_end], dim=-1)


# ---- transformers ----


def rotate(x: Tensor) -> Tensor:
    """Rotary positions: x [T, d]; at position t the pair (i, i + d/2) is rotated by t * 10000^(-2i/d)."""
    steps, d = x.shape
    half = d // 2
    first, second = [], []
    for i in range(half):
        angle = torch.arange(steps).to(x) * 10000.0 ** (-2 * i / d)
        first.append(x[:, i] * angle.cos() - x[:, i + half] * angle.sin())
        second.append(x[:, i] * angle.sin() + x[:, i + half] * angle.cos())
    return torch.stack(first + second, dim=1)


def band(steps: int, context: int, causal: bool) -> Tensor:
    """[T, T]: whether step t (row) may attend to step s (column)."""
    seen = torch.zeros(steps, steps, dtype=torch.bool)
    for t in range(steps):
        for s in range(steps):
            seen[t, s] = (t - context < s <= t) if causal else abs(t - s) < context
    return seen


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, seen: Tensor) -> Tensor:
    """Softmax attention; q, k, v [B, T, W], with the heads side by side in W."""
    d = q.shape[-1] // heads
    clips = []
    for b in range(q.shape[0]):
        parts = []
        for head in range(heads):
            columns = slice(head * d, (head + 1) * d)
            qh, kh, vh = rotate(q[b, :, columns]), rotate(k[b, :, columns]), v[b, :, columns]
            scores = (qh @ kh.T / math.sqrt(d)).masked_fill(~seen, -math.inf)
            parts.append(scores.softmax(dim=-1) @ vh)
        clips.append(torch.cat(parts, dim=-1))
    return torch.stack(clips)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return self.out(attend(q, k, v, self.heads, seen))


class CrossAttention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, seen: Tensor) -> Tensor:
        k, v = self.kv(memory).chunk(2, dim=-1)
        return self.out(attend(self.q(x), k, v, self.heads, seen))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, ffn: int, cross: bool):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-5)
        self.attention = Attention(width, heads)
        if cross:
            self.norm_cross = nn.LayerNorm(width, eps=1e-5)
            self.cross = CrossAttention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-5)
        self.up = nn.Linear(width, ffn)
        self.down = nn.Linear(ffn, width)

    def forward(
        self,
        x: Tensor,
        seen: Tensor,
        memory: Tensor | None = None,
        present: Tensor | None = None,
        seen_across: Tensor | None = None,
    ) -> Tensor:
        x = x + self.attention(self.norm1(x), seen)
        if memory is not None:
            x = x + present[:, None, None] * self.cross(self.norm_cross(x), memory, seen_across)
        return x + self.down(torch.relu(self.up(self.norm2(x))))


def at_every_step(body: Tensor, steps: int) -> Tensor:
    """[B, H] -> [B, T, H]; a body that varies with the step is returned unchanged."""
    return body if body.dim() == 3 else body[:, None, :].expand(-1, steps, -1)


class ContentTransformer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.context = c.context
        self.embedding = nn.Embedding(129, c.width - c.body_width)
        self.blocks = nn.ModuleList(
            Block(c.width, c.content_heads, c.content_ffn, cross=False)
            for _ in range(c.content_layers)
        )
        self.norm_out = nn.LayerNorm(c.width, eps=1e-5)
        self.fc = nn.Linear(c.width, c.width)

    def forward(self, notes: Tensor, body: Tensor) -> Tensor:  # [B, T], [B, (T,) H] -> [B, T, W]
        steps = notes.shape[1]
        x = torch.cat([self.embedding(notes), at_every_step(body, steps)], dim=-1)
        for block in self.blocks:
            x = block(x, band(steps, self.context, causal=False))
        return self.fc(self.norm_out(x))


class Prior(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.context = c.context
        self.tied = c.head == "tied"
        self.crosses = c.content_enabled and c.alignment in ("cross_attention", "both")
        self.adds = c.content_enabled and c.alignment in ("added", "both")
        self.embedding = nn.Embedding(c.codes, c.code_width)
        self.start = nn.Parameter(torch.zeros(c.code_width))
        self.blocks = nn.ModuleList(
            Block(c.width, c.prior_heads, c.prior_ffn, cross=self.crosses)
            for _ in range(c.prior_layers)
        )
        self.norm_out = nn.LayerNorm(c.width, eps=1e-5)
        if self.tied:
            self.to_code = nn.Linear(c.width, c.code_width)
            self.head_bias = nn.Parameter(torch.zeros(c.codes))
        else:
            self.head = nn.Linear(c.width, c.codes, bias=False)

    def forward(
        self,
        codes: Tensor,  # [B, T]
        body: Tensor,  # [B, H] or [B, T, H]
        memory: Tensor | None = None,  # [B, T, W], the content transformer's output
        present: Tensor | None = None,  # [B], 1 where the clip's notes may be seen
    ) -> Tensor:  # [B, T, K]
        batch, steps = codes.shape
        if memory is not None and present is None:
            present = memory.new_ones(batch)
        start = self.start.expand(batch, 1, -1)
        previous = torch.cat([start, self.embedding(codes[:, :-1])], dim=1)  # [B, T, D]
        x = torch.cat([previous, at_every_step(body, steps)], dim=-1)  # [B, T, W]
        if memory is not None and self.adds:
            x = x + present[:, None, None] * memory
        causal = band(steps, self.context, causal=True)
        across = band(steps, self.context, causal=False)
        for block in self.blocks:
            if memory is not None and self.crosses:
                x = block(x, causal, memory, present, across)
            else:
                x = block(x, causal)
        x = self.norm_out(x)
        if self.tied:
            return self.to_code(x) @ self.embedding.weight.T + self.head_bias
        return self.head(x)


def cross_entropy(logits: Tensor, codes: Tensor) -> Tensor:
    """Mean over all steps, in nats."""
    chosen = logits.log_softmax(dim=-1).gather(-1, codes[..., None]).squeeze(-1)
    return -chosen.mean()
