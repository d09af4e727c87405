"""The paper's baselines: from keypoints to frames of a log-spectrogram, without codes, notes or sampling.

model.kind: seq2seq, two GRUs; graph_transformer, a graph network (ST-GCN, arXiv 1801.07455) with a transformer decoder.
docs/networks.md specifies them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .attention import Block, within
from .config import Config
from .pose import JOINTS, PARENTS, VALUES
from .spectrograms import SpectrogramModel


class Seq2Seq(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        bins, hidden, layers = c.spectrogram.bins, c.seq2seq.hidden, c.seq2seq.layers
        self.encoder = nn.GRU(VALUES, hidden, layers, batch_first=True, bidirectional=True)
        self.decoder = nn.GRU(bins + 2 * hidden, 2 * hidden, layers, batch_first=True)
        self.start = nn.Parameter(torch.zeros(bins))
        self.head = nn.Linear(2 * hidden, bins)

    def encode(self, pose: Tensor) -> Tensor:  # [B, P, 94] -> [layers, B, 2 hidden]
        _, last = self.encoder(pose)  # per layer: forward, backward
        return torch.cat([last[0::2], last[1::2]], -1)

    def feature(self, pose: Tensor) -> Tensor:
        return self.encode(pose)[-1]

    def forward(self, pose: Tensor, target: Tensor) -> Tensor:
        states, frames = self.encode(pose), target.transpose(1, 2)
        before = torch.cat([self.start.expand(len(pose), 1, -1), frames[:, :-1]], 1)
        summary = states[-1][:, None].expand(-1, before.shape[1], -1)
        return self.head(self.decoder(torch.cat([before, summary], -1), states)[0]).transpose(1, 2)

    def generate(self, pose: Tensor, frames: int) -> Tensor:
        states = self.encode(pose)
        summary, frame, all_frames = states[-1][:, None], self.start.expand(len(pose), 1, -1), []
        for _ in range(frames):
            decoded, states = self.decoder(torch.cat([frame, summary], -1), states)
            frame = self.head(decoded)
            all_frames.append(frame)
        return torch.cat(all_frames, 1).transpose(1, 2)


def partitions() -> Tensor:
    """[3, V, V]: entry [k, v, w] is joint v's weight in joint w, where v is w itself, its parent, or a child of it."""
    neighbours = torch.ones(JOINTS)
    for joint, parent in enumerate(PARENTS[1:], 1):
        neighbours[[joint, parent]] += 1
    parts = torch.zeros(3, JOINTS, JOINTS)
    parts[0] = torch.diag(1 / neighbours)
    for joint, parent in enumerate(PARENTS[1:], 1):
        parts[1, parent, joint] = 1 / neighbours[joint]
        parts[2, joint, parent] = 1 / neighbours[parent]
    return parts


class GraphBlock(nn.Module):
    def __init__(self, width: int, out: int, stride: int, kernel: int, residual: bool):
        super().__init__()
        self.residual = residual
        self.edges = nn.Parameter(torch.ones(3, JOINTS, JOINTS))
        self.spatial, self.norm1 = nn.Conv2d(width, 3 * out, 1), nn.BatchNorm2d(out)
        self.temporal = nn.Conv2d(out, out, (kernel, 1), (stride, 1), ((kernel - 1) // 2, 0))
        self.norm2 = nn.BatchNorm2d(out)
        self.shortcut = self.norm_shortcut = None
        if residual and width != out:
            self.shortcut, self.norm_shortcut = nn.Conv2d(width, out, 1, (stride, 1)), nn.BatchNorm2d(out)

    def forward(self, x: Tensor, parts: Tensor) -> Tensor:  # [B, C, P, V] -> [B, out, P / stride, V]
        mixed = self.spatial(x).unflatten(1, (3, -1))
        y = torch.einsum("bkcpv,kvw->bcpw", mixed, parts * self.edges)
        y = self.norm2(self.temporal(F.relu(self.norm1(y))))
        if self.shortcut is not None:
            y = y + self.norm_shortcut(self.shortcut(x))
        elif self.residual:
            y = y + x
        return F.relu(y)


class GraphNetwork(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.norm_in, self.blocks, self.stride = nn.BatchNorm1d(VALUES), nn.ModuleList(), 1
        self.register_buffer("parts", partitions(), persistent=False)
        width = 2  # x and y
        for i, out in enumerate(c.graph_transformer.blocks):
            stride = 2 if i > 0 and out > width else 1
            self.blocks.append(GraphBlock(width, out, stride, c.graph_transformer.temporal_kernel, residual=i > 0))
            self.stride *= stride
            width = out

    def forward(self, pose: Tensor) -> Tensor:  # [B, P, 94] -> [B, C, P / stride, V]
        x = self.norm_in(pose.transpose(1, 2)).unflatten(1, (JOINTS, 2)).permute(0, 2, 3, 1)
        for block in self.blocks:
            x = block(x, self.parts)
        return x


class GraphTransformer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        g, bins = c.graph_transformer, c.spectrogram.bins
        self.context, self.frames_of_pose = c.clip_frames, c.frame_rate / c.pose.fps
        self.graph = GraphNetwork(c)
        self.memory, self.frame = nn.Linear(g.blocks[-1], g.width), nn.Linear(bins, g.width)
        self.start = nn.Parameter(torch.zeros(g.width))
        self.blocks = nn.ModuleList(Block(g.width, g.heads, g.ffn, cross=True) for _ in range(g.layers))
        self.norm_out, self.head = nn.LayerNorm(g.width), nn.Linear(g.width, bins)

    def keys(self, pose: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Keys and values of the player for each block. Positions are in spectrogram frames, like the decoder's."""
        memory = self.memory(self.graph(pose).mean(3).transpose(1, 2))  # [B, M, W]
        return [block.cross.keys(memory, self.graph.stride * self.frames_of_pose) for block in self.blocks]

    def feature(self, pose: Tensor) -> Tensor:
        return self.graph(pose).mean((2, 3))

    def forward(self, pose: Tensor, target: Tensor) -> Tensor:
        frames = target.transpose(1, 2)
        x = torch.cat([self.start.expand(len(pose), 1, -1), self.frame(frames[:, :-1])], 1)
        causal = within(x.shape[1], self.context, causal=True, device=x.device)
        for block, theirs in zip(self.blocks, self.keys(pose)):
            x = x + block.attention(block.norm1(x), causal)
            x = block.rest(x + block.cross(block.norm_cross(x), theirs, None))
        return self.head(self.norm_out(x)).transpose(1, 2)

    def generate(self, pose: Tensor, frames: int) -> Tensor:
        keys, past = self.keys(pose), [[] for _ in self.blocks]
        x, all_frames = self.start.expand(len(pose), 1, -1), []
        for t in range(frames):
            for block, own, theirs in zip(self.blocks, past, keys):
                x = x + block.attention.step(block.norm1(x), own, t, self.context)
                x = block.rest(x + block.cross(block.norm_cross(x), theirs, None, t))
            all_frames.append(self.head(self.norm_out(x)))
            x = self.frame(all_frames[-1])
        return torch.cat(all_frames, 1).transpose(1, 2)


class BaselineModel(SpectrogramModel):
    """`baseline` is the network: Seq2Seq or GraphTransformer."""

    def __init__(self, config: Config):
        super().__init__(config)
        self.baseline = Seq2Seq(config) if config.model.kind == "seq2seq" else GraphTransformer(config)

    def forward(self, pose: Tensor, target: Tensor) -> Tensor:
        """Keypoints [B, P, 94], standardised spectrogram [B, F, T] -> [B, F, T]; frame t depends on earlier ones."""
        return self.baseline(pose, target)

    @torch.no_grad()
    def generate(self, pose: Tensor, frames: int) -> Tensor:
        """[B, P, 94] -> [B, F, frames], each frame from the previous ones."""
        return self.baseline.generate(pose, frames)
