"""plus a second time, from docs/plus.md: for readability rather than speed."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PITCHES = 129  # 0 = no pitch, 1 + MIDI number
LEVEL_DB, LOUDEST_DB = 2.0, -8.0


@dataclasses.dataclass(frozen=True)
class PlusConfig:
    sample_rate: int = 16000
    hop: int = 256
    fps: float = 25
    body_hidden: int = 32
    body_layers: int = 3
    harmonics: int = 80
    noise_bands: int = 65
    synthesiser_width: int = 192
    motion_hidden: int = 128
    motion_layers: int = 2
    prior_width: int = 192
    prior_layers: int = 2
    levels: int = 32


def two_layers(i: int, o: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(i, o), nn.LayerNorm(o), nn.LeakyReLU(0.1), nn.Linear(o, o), nn.LayerNorm(o), nn.LeakyReLU(0.1)
    )


def amplitude(x: Tensor) -> Tensor:
    return 2 * torch.sigmoid(x) ** 2.3 + 1e-7


class Body(nn.Module):
    def __init__(self, c: PlusConfig):
        super().__init__()
        self.gru = nn.GRU(94, c.body_hidden, c.body_layers, bidirectional=True, batch_first=True)

    def forward(self, pose: Tensor) -> Tensor:
        _, h = self.gru(pose)
        return torch.cat([h[-2], h[-1]], -1)


class Synthesiser(nn.Module):
    def __init__(self, c: PlusConfig):
        super().__init__()
        w, self.c = c.synthesiser_width, c
        self.pitch, self.loudness, self.body = two_layers(2, w), two_layers(1, w), two_layers(2 * c.body_hidden, w)
        self.gru = nn.GRU(3 * w, w, batch_first=True)
        self.out = two_layers(4 * w, w)
        self.amplitude, self.harmonics, self.noise = nn.Linear(w, 1), nn.Linear(w, c.harmonics), nn.Linear(w, c.noise_bands)

    def forward(self, hz: Tensor, voiced: Tensor, loudness: Tensor, body: Tensor) -> tuple[Tensor, Tensor]:
        semitones = 69 + 12 * torch.log2(hz / 440)
        a = self.pitch(torch.stack([(semitones - 60) / 24, voiced], -1))
        b = self.loudness((loudness[..., None] + 40) / 12)
        x = torch.cat([a, b, self.body(body)[:, None].expand_as(a)], -1)
        y = self.out(torch.cat([self.gru(x)[0], x], -1))
        k = torch.arange(1, self.c.harmonics + 1)
        shares = amplitude(self.harmonics(y)) * (hz[..., None] * k < 0.97 * self.c.sample_rate / 2)
        shares = shares / (shares.sum(-1, keepdim=True) + 1e-7)
        return amplitude(self.amplitude(y)) * shares, amplitude(self.noise(y) - 5)


def line(x: Tensor, hop: int) -> Tensor:
    """[B, T + 1, ...] -> [B, T * hop, ...], linear from frame to frame."""
    part = torch.arange(hop, dtype=x.dtype) / hop
    part = part.view(1, 1, hop, *[1] * (x.dim() - 2))
    return (x[:, :-1, None] * (1 - part) + x[:, 1:, None] * part).flatten(1, 2)


def sound_of(hz: Tensor, harmonics: Tensor, bands: Tensor, noise: Tensor, c: PlusConfig) -> Tensor:
    """Frames 0 .. T -> [B, T * hop]; sample by sample where possible."""
    phase = torch.cumsum(line(hz, c.hop) / c.sample_rate, 1)
    k = torch.arange(1, harmonics.shape[-1] + 1)
    tones = (torch.sin(2 * math.pi * phase[..., None] * k) * line(harmonics, c.hop)).sum(-1)
    n = bands.shape[-1]
    response = torch.fft.irfft(torch.complex(bands, torch.zeros_like(bands)), 2 * (n - 1))
    response = response.roll(n - 1, -1) * torch.hann_window(2 * (n - 1), dtype=bands.dtype)
    out = torch.zeros(noise.shape[0], noise.shape[1] + 2 * (n - 1), dtype=bands.dtype)
    for b in range(noise.shape[0]):  # each frame's noise convolved with its own response
        rows = []
        for t in range(noise.shape[1] // c.hop):
            piece = noise[b, t * c.hop : (t + 1) * c.hop]
            full = F.conv1d(piece[None, None], response[b, t].flip(0)[None, None], padding=2 * (n - 1) - 1)[0, 0]
            rows.append(F.pad(full, (t * c.hop, out.shape[1] - t * c.hop - full.shape[0])))
        out = out + F.one_hot(torch.tensor(b), noise.shape[0]).to(out)[:, None] * torch.stack(rows).sum(0)
    return tones + out[:, n - 1 : n - 1 + noise.shape[1]]


def spectral_loss(x: Tensor, y: Tensor) -> Tensor:
    loss = torch.zeros((), dtype=x.dtype)
    for n in (2048, 1024, 512, 256, 128, 64):
        window = torch.hann_window(n, dtype=x.dtype)
        a, b = (torch.stft(s, n, n // 4, window=window, return_complex=True).abs() for s in (x, y))
        loss = loss + (a - b).abs().mean() + (torch.log(a + 1e-5) - torch.log(b + 1e-5)).abs().mean()
    return loss


def velocity(x: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(x[:, :1]), x[:, 1:] - x[:, :-1]], 1)


def motion_features(pose: Tensor, live: bool = False, mean_pose: Tensor | None = None) -> Tensor:
    xy = pose.unflatten(-1, (47, 2))
    right, left = xy[:, :, 7:27] - xy[:, :, 3:4], xy[:, :, 27:47] - xy[:, :, 6:7]
    hands = 4 * torch.cat([right, left], 2).flatten(2)
    if mean_pose is not None:
        mean = mean_pose
    elif live:
        mean = pose.cumsum(1) / torch.arange(1, pose.shape[1] + 1)[:, None]
    else:
        mean = pose.mean(1, keepdim=True)
    away = pose - mean
    away_xy = away.unflatten(-1, (47, 2))
    fingers = torch.cat([away_xy[:, :, 7:27] - away_xy[:, :, 3:4], away_xy[:, :, 27:47] - away_xy[:, :, 6:7]], 2)
    changes = [4 * away[..., :14], 8 * fingers.flatten(2)]
    return torch.cat([pose, 5 * velocity(pose), hands, 3 * velocity(hands), *changes], -1)


class Motion(nn.Module):
    def __init__(self, c: PlusConfig):
        super().__init__()
        first = [nn.Linear(442 + 2 * c.body_hidden, 256), nn.LayerNorm(256), nn.ReLU()]
        setattr(self, "in", nn.Sequential(*first, nn.Linear(256, 128), nn.LayerNorm(128), nn.ReLU()))
        self.gru = nn.GRU(128, c.motion_hidden, c.motion_layers, bidirectional=True, batch_first=True)

    def so_far(self, x: Tensor) -> Tensor:
        """The forward direction over all steps; the backward direction over each step alone."""
        for layer in range(self.gru.num_layers):
            weights = [getattr(self.gru, f"{kind}_l{layer}{way}") for way in ("", "_reverse")
                       for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            hidden = x.new_zeros(x.shape[0], self.gru.hidden_size)
            steps = []
            for t in range(x.shape[1]):
                hidden = torch.gru_cell(x[:, t], hidden, *weights[:4])
                back = torch.gru_cell(x[:, t], torch.zeros_like(hidden), *weights[4:])
                steps.append(torch.cat([hidden, back], -1))
            x = torch.stack(steps, 1)
        return x

    def forward(self, pose: Tensor, body: Tensor, frames: int, ratio: float, live: bool = False,
                mean_pose: Tensor | None = None) -> Tensor:
        x = torch.cat([motion_features(pose, live, mean_pose), body[:, None].expand(-1, pose.shape[1], -1)], -1)
        x = getattr(self, "in")(x)
        y = self.so_far(x) if live else self.gru(x)[0]
        at = (torch.arange(frames, dtype=torch.float64) * ratio).clamp(max=pose.shape[1] - 1)
        i, part = at.floor().long(), (at - at.floor())[None, :, None].to(y.dtype)
        if live:
            return y[:, i]
        return y[:, i] * (1 - part) + y[:, (i + 1).clamp(max=pose.shape[1] - 1)] * part


class ControlPrior(nn.Module):
    def __init__(self, c: PlusConfig):
        super().__init__()
        self.c, seen = c, 2 * c.body_hidden + 2 * c.motion_hidden
        condition, w = seen + 33, c.prior_width
        self.embedding_onset, self.embedding_pitch = nn.Embedding(3, 8), nn.Embedding(PITCHES + 1, 64)
        self.embedding_level, self.embedding_note = nn.Embedding(c.levels + 1, 32), nn.Embedding(PITCHES + 1, 32)
        setattr(self, "in", nn.Linear(104 + condition, w))
        self.gru = nn.GRU(w, w, c.prior_layers, batch_first=True)
        self.trunk, self.onset = nn.Linear(w + condition, 256), nn.Linear(256, 2)
        self.pitch, self.level_in = nn.Linear(264, PITCHES), nn.Linear(328, 128)
        self.level, self.seen = nn.Linear(128, c.levels), nn.Linear(seen, PITCHES + 2)

    def forward(self, tokens, body: Tensor, motion: Tensor, notes, hidden: Tensor):
        onset, pitch, level = tokens
        note, note_onset, present = notes
        who = torch.cat([body[:, None].expand(-1, motion.shape[1], -1), motion], -1)
        note = torch.where(present[:, None], note, PITCHES)
        begins = torch.where(present[:, None], note_onset, 0).to(motion.dtype)
        condition = torch.cat([who, self.embedding_note(note), begins[..., None]], -1)

        def before(x: Tensor, none: int) -> Tensor:
            return F.pad(x, (1, 0), value=none)[:, :-1].masked_fill(hidden, none)

        past = [
            self.embedding_onset(before(onset, 2)),
            self.embedding_pitch(before(pitch, PITCHES)),
            self.embedding_level(before(level, self.c.levels)),
        ]
        state, _ = self.gru(F.relu(getattr(self, "in")(torch.cat([*past, condition], -1))))
        trunk = F.relu(self.trunk(torch.cat([state, condition], -1)))
        begun = self.embedding_onset(onset)
        given = torch.cat([trunk, begun, self.embedding_pitch(pitch)], -1)
        return (
            self.onset(trunk),
            self.pitch(torch.cat([trunk, begun], -1)),
            self.level(F.relu(self.level_in(given))),
            self.seen(who),
        )


def timbre(sound: Tensor, sample_rate: int, bands: int = 64) -> Tensor:
    """[B, n] -> [B, 2 bands]: mean and deviation over time of log mel bands, independent of the level."""
    power = torch.stft(sound, 1024, 512, window=torch.hann_window(1024, dtype=sound.dtype), return_complex=True).abs() ** 2
    top = 2595 * math.log10(1 + sample_rate / 2 / 700)
    low = 2595 * math.log10(1 + 30 / 700)
    edges = [700 * (10 ** ((low + (top - low) * i / (bands + 1)) / 2595) - 1) for i in range(bands + 2)]
    hz = torch.arange(513, dtype=sound.dtype) * sample_rate / 1024
    rows = []
    for a, b, c in zip(edges, edges[1:], edges[2:]):
        triangle = torch.where(hz < b, (hz - a) / (b - a), (c - hz) / (c - b)).clamp(min=0)
        rows.append((power * triangle[:, None]).sum(1))
    levels = torch.stack(rows, 1)  # [B, bands, T]
    levels = torch.log(levels / levels.flatten(1).max(1).values[:, None, None] + 1e-6)
    return torch.cat([levels.mean(2), levels.std(2, correction=0)], 1)


class Match(nn.Module):
    def __init__(self, c: PlusConfig):
        super().__init__()
        self.sound = nn.Sequential(nn.Linear(128, 128), nn.LayerNorm(128), nn.ReLU(), nn.Linear(128, 2 * c.body_hidden))
        self.scale = nn.Parameter(torch.tensor([math.log(10)]))

    def forward(self, body: Tensor, timbre: Tensor) -> Tensor:
        alike = F.cosine_similarity(body[:, None], self.sound(timbre)[None], dim=-1) * self.scale.exp().clamp(max=100)
        own = torch.arange(len(body))
        return (F.cross_entropy(alike, own) + F.cross_entropy(alike.T, own)) / 2


class Plus(nn.Module):
    def __init__(self, c: PlusConfig):
        super().__init__()
        self.c, self.body, self.synthesiser = c, Body(c), Synthesiser(c)
        self.motion, self.controls, self.match = Motion(c), ControlPrior(c), Match(c)

    def sound(self, hz: Tensor, voiced: Tensor, loudness: Tensor, pose: Tensor, noise: Tensor) -> Tensor:
        harmonics, bands = self.synthesiser(hz, voiced, loudness, self.body(pose))
        return sound_of(hz, harmonics, bands[:, :-1], noise, self.c)

    def logits(self, tokens, pose: Tensor, notes, hidden: Tensor, live: bool = False, mean_pose: Tensor | None = None):
        ratio = self.c.fps / (self.c.sample_rate / self.c.hop / 2)
        body = self.body(pose).detach()
        motion = self.motion(pose, body, tokens[0].shape[1], ratio, live, mean_pose)
        return self.controls(tokens, body, motion, notes, hidden)

    def control_loss(self, tokens, pose: Tensor, notes, hidden: Tensor, live: bool = False,
                     mean_pose: Tensor | None = None) -> Tensor:
        onset, pitch, level, seen = self.logits(tokens, pose, notes, hidden, live, mean_pose)

        def mean(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
            nats = F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none").view_as(target)
            return (nats * counts).sum() / (counts.sum() + 1e-6)

        every = torch.ones_like(tokens[2])
        movement = mean(seen[..., :PITCHES], tokens[1], every) + mean(seen[..., PITCHES:], tokens[0], every)
        free = ~notes[2][:, None].expand_as(tokens[0])
        return (
            mean(onset, tokens[0], free)
            + mean(pitch, tokens[1], free | (notes[0] == 0))
            + 0.5 * mean(level, tokens[2], every)
            + 2 * movement
        )
