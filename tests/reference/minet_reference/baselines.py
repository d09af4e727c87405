"""The paper's two baselines, in plain torch.nn; names are the file format.

Seq2Seq after Cho et al. (arXiv 1406.1078), the graph network after Yan et al. (arXiv 1801.07455), with its
partitions found by breadth-first search instead of from the skeleton's parents. Left out: dropout, and generation
with a cache (`generate` feeds the whole sequence again for each frame).
"""

from __future__ import annotations

import collections
import dataclasses
import math

import torch
from torch import Tensor, nn

from .config import Config
from .modules import at_every_step

# The bones of the Solos skeleton: arms from the neck (0), and four joints per finger from each wrist.
BONES = [(0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 6)]
for wrist, first in ((3, 7), (6, 27)):
    for finger in range(5):
        chain = [wrist, *range(first + 4 * finger, first + 4 * finger + 4)]
        BONES += list(zip(chain[:-1], chain[1:]))
JOINTS = 47


@dataclasses.dataclass
class BaselineConfig:
    """Names as in train_config.hpp; `clip_frames` is T, `frame_ratio` spectrogram frames per pose frame."""

    kind: str = "seq2seq"  # or "graph_transformer"
    bins: int = 1024
    frame_loss: str = "l1"  # or "mse"
    hidden: int = 256
    seq2seq_layers: int = 2
    blocks: tuple[int, ...] = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
    temporal_kernel: int = 9
    width: int = 512
    layers: int = 6
    heads: int = 8
    ffn: int = 1024
    clip_frames: int = 250
    frame_ratio: float = 2.5


# ---- GRU Seq2Seq ----


class Seq2Seq(nn.Module):
    def __init__(self, c: BaselineConfig):
        super().__init__()
        wide = 2 * c.hidden
        self.encoder = nn.GRU(94, c.hidden, c.seq2seq_layers, batch_first=True, bidirectional=True)
        self.decoder = nn.GRU(c.bins + wide, wide, c.seq2seq_layers, batch_first=True)
        self.start = nn.Parameter(torch.zeros(c.bins))
        self.head = nn.Linear(wide, c.bins)

    def encode(self, pose: Tensor) -> Tensor:  # [B, P, 94] -> [layers, B, 2 hidden]
        _, last = self.encoder(pose)  # layer by layer: forward, backward
        return torch.stack([torch.cat([last[i], last[i + 1]], dim=-1) for i in range(0, len(last), 2)])

    def feature(self, pose: Tensor) -> Tensor:
        return self.encode(pose)[-1]

    def forward(self, pose: Tensor, target: Tensor) -> Tensor:  # [B, P, 94], [B, F, T] -> [B, F, T]
        state = self.encode(pose)
        summary = state[-1]
        frame, frames = self.start.expand(len(pose), -1), []
        for t in range(target.shape[2]):
            output, state = self.decoder(torch.cat([frame, summary], dim=-1)[:, None], state)
            frames.append(self.head(output[:, 0]))
            frame = target[:, :, t]
        return torch.stack(frames, dim=2)


# ---- ST-GCN ----


def distances_from(start: int) -> list[int]:
    neighbours = collections.defaultdict(list)
    for a, b in BONES:
        neighbours[a].append(b)
        neighbours[b].append(a)
    found, queue = {start: 0}, collections.deque([start])
    while queue:
        joint = queue.popleft()
        for other in neighbours[joint]:
            if other not in found:
                found[other] = found[joint] + 1
                queue.append(other)
    return [found[joint] for joint in range(JOINTS)]


def partitions() -> Tensor:
    """[3, V, V]: root, centripetal and centrifugal parts of A D^-1; [k, v, w] is v's share in w."""
    connected = torch.eye(JOINTS, dtype=torch.float64)
    for a, b in BONES:
        connected[a, b] = connected[b, a] = 1
    normalised = connected @ torch.diag(1 / connected.sum(dim=0))
    to_centre = distances_from(0)
    parts = torch.zeros(3, JOINTS, JOINTS, dtype=torch.float64)
    for v in range(JOINTS):
        for w in range(JOINTS):
            if v == w:
                part = 0
            else:
                part = 1 if to_centre[v] < to_centre[w] else 2
            parts[part, v, w] = normalised[v, w]
    return parts


class GraphBlock(nn.Module):
    def __init__(self, incoming: int, outgoing: int, stride: int, kernel: int, first: bool):
        super().__init__()
        self.first = first
        self.edges = nn.Parameter(torch.ones(3, JOINTS, JOINTS))
        self.spatial = nn.Conv2d(incoming, 3 * outgoing, 1)
        self.norm1 = nn.BatchNorm2d(outgoing)
        self.temporal = nn.Conv2d(
            outgoing, outgoing, (kernel, 1), stride=(stride, 1), padding=(kernel // 2, 0)
        )
        self.norm2 = nn.BatchNorm2d(outgoing)
        if not first and incoming != outgoing:
            self.shortcut = nn.Conv2d(incoming, outgoing, 1, stride=(stride, 1))
            self.norm_shortcut = nn.BatchNorm2d(outgoing)

    def forward(self, x: Tensor, parts: Tensor) -> Tensor:  # [B, C, P, V]
        y = 0
        for part, mixed in enumerate(self.spatial(x).chunk(3, dim=1)):
            y = y + mixed @ (parts[part] * self.edges[part])  # sum over the joints of this partition
        y = self.norm2(self.temporal(torch.relu(self.norm1(y))))
        if hasattr(self, "shortcut"):
            y = y + self.norm_shortcut(self.shortcut(x))
        elif not self.first:
            y = y + x
        return torch.relu(y)


class GraphNetwork(nn.Module):
    def __init__(self, c: BaselineConfig):
        super().__init__()
        self.norm_in = nn.BatchNorm1d(94)
        blocks, channels, self.stride = [], 2, 1
        for i, outgoing in enumerate(c.blocks):
            stride = 2 if i > 0 and outgoing > channels else 1
            blocks.append(GraphBlock(channels, outgoing, stride, c.temporal_kernel, first=i == 0))
            channels = outgoing
            self.stride *= stride
        self.blocks = nn.ModuleList(blocks)

    def forward(self, pose: Tensor) -> Tensor:  # [B, P, 94] -> [B, C, P / stride, V]
        x = self.norm_in(pose.transpose(1, 2))
        x = torch.stack([x[:, 0::2], x[:, 1::2]], dim=1)  # x and y of each joint: [B, 2, V, P]
        x = x.transpose(2, 3)
        parts = partitions().to(x)
        for block in self.blocks:
            x = block(x, parts)
        return x


# ---- transformer decoder ----


def turn(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary positions: x [..., T, d] as d/2 complex numbers (i, i + d/2), rotated by position * speed."""
    half = x.shape[-1] // 2
    speeds = torch.tensor([10000.0 ** (-i / half) for i in range(half)]).to(x)
    angles = positions.to(x)[:, None] * speeds
    turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([turned.real, turned.imag], dim=-1)


def heads_of(x: Tensor, heads: int) -> Tensor:  # [B, T, W] -> [B, heads, T, d]
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def mix(q: Tensor, k: Tensor, v: Tensor, allowed: Tensor | None) -> Tensor:
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    return (scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(-2)


class SelfAttention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor, positions: Tensor, context: int) -> Tensor:
        q, k, v = (heads_of(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        back = positions[:, None] - positions[None, :]
        allowed = (back >= 0) & (back < context)
        return self.out(mix(turn(q, positions), turn(k, positions), v, allowed))


class MemoryAttention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q, self.kv = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor, positions: Tensor, of_memory: Tensor) -> Tensor:
        q = heads_of(self.q(x), self.heads)
        k, v = (heads_of(part, self.heads) for part in self.kv(memory).chunk(2, dim=-1))
        return self.out(mix(turn(q, positions), turn(k, of_memory), v, None))


class DecoderBlock(nn.Module):
    def __init__(self, c: BaselineConfig):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(c.width), SelfAttention(c.width, c.heads)
        self.norm_cross, self.cross = nn.LayerNorm(c.width), MemoryAttention(c.width, c.heads)
        self.norm2 = nn.LayerNorm(c.width)
        self.up, self.down = nn.Linear(c.width, c.ffn), nn.Linear(c.ffn, c.width)

    def forward(
        self, x: Tensor, memory: Tensor, positions: Tensor, of_memory: Tensor, context: int
    ) -> Tensor:
        x = x + self.attention(self.norm1(x), positions, context)
        x = x + self.cross(self.norm_cross(x), memory, positions, of_memory)
        return x + self.down(torch.relu(self.up(self.norm2(x))))


class GraphTransformer(nn.Module):
    def __init__(self, c: BaselineConfig):
        super().__init__()
        self.context, self.frame_ratio = c.clip_frames, c.frame_ratio
        self.graph = GraphNetwork(c)
        self.memory = nn.Linear(c.blocks[-1], c.width)
        self.frame = nn.Linear(c.bins, c.width)
        self.start = nn.Parameter(torch.zeros(c.width))
        self.blocks = nn.ModuleList(DecoderBlock(c) for _ in range(c.layers))
        self.norm_out = nn.LayerNorm(c.width)
        self.head = nn.Linear(c.width, c.bins)

    def feature(self, pose: Tensor) -> Tensor:
        return self.graph(pose).mean(dim=(2, 3))

    def forward(self, pose: Tensor, target: Tensor) -> Tensor:  # [B, P, 94], [B, F, T] -> [B, F, T]
        memory = self.memory(self.graph(pose).mean(dim=3).transpose(1, 2))  # [B, M, W]
        frames = target.transpose(1, 2)  # [B, T, F]
        x = torch.cat([self.start.expand(len(pose), 1, -1), self.frame(frames[:, :-1])], dim=1)
        positions = torch.arange(x.shape[1])
        # Both in spectrogram frames: a memory frame stands for `stride` pose frames.
        of_memory = torch.arange(memory.shape[1]).double() * self.graph.stride * self.frame_ratio
        for block in self.blocks:
            x = block(x, memory, positions, of_memory, self.context)
        return self.head(self.norm_out(x)).transpose(1, 2)


def make_baseline(c: BaselineConfig) -> nn.Module:
    return Seq2Seq(c) if c.kind == "seq2seq" else GraphTransformer(c)


@torch.no_grad()
def generate(model: nn.Module, pose: Tensor, bins: int, frames: int) -> Tensor:  # [B, F, frames]
    target = torch.zeros(len(pose), bins, frames).to(pose)
    for t in range(frames):  # frame t depends on earlier frames only, so later ones may be anything
        target[:, :, t] = model(pose, target[:, :, : t + 1])[:, :, t]
    return target


def frame_loss(c: BaselineConfig, predicted: Tensor, target: Tensor) -> Tensor:
    error = predicted - target
    return error.abs().mean() if c.frame_loss == "l1" else (error**2).mean()
