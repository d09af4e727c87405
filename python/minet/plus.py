"""plus (docs/plus.md): from keypoints to onset, pitch and loudness, and from these and the body vector to sound.

Parameters are named as in the file. The synthesiser's frames are one hop (16 ms) long, the prior's two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .attention import at_every_step
from .config import Config
from .paper import BodyEncoder
from .sampling import Sampling, draw

PITCHES = 129  # 0 = no pitch, 1 + MIDI number
NO_ONSET = 2
LEVEL_DB, LOUDEST_DB = 2.0, -8.0
FRAMES_OF_TOKEN = 2
REST_HZ = 220.0  # before the first pitch
# Constants for sampling without notes, as in include/minet/models/plus.hpp.
SEEN_ONSET, USUAL_ONSET, NO_PITCH_LOGIT = 0.6, -3.2, 5.0
HIGHEST_PEAK = 0.99


@dataclass
class Tokens:
    """What is played: int64 [B, T] each, at 31.25 per second."""

    onset: Tensor  # 1: a note begins
    pitch: Tensor  # 0 = none, 1 + MIDI number
    level: Tensor  # loudness in steps of 2 dB

    def packed(self) -> Tensor:
        """One number per frame, as in sidecars."""
        return self.onset + 2 * (self.pitch + PITCHES * self.level)

    @staticmethod
    def unpacked(codes: Tensor) -> "Tokens":
        rest = codes // 2
        return Tokens(codes % 2, rest % PITCHES, rest // PITCHES)


def two_layers(width_in: int, width: int) -> nn.Sequential:
    def one(size: int) -> list[nn.Module]:
        return [nn.Linear(size, width), nn.LayerNorm(width), nn.LeakyReLU(0.1)]

    return nn.Sequential(*one(width_in), *one(width))


def amplitude(x: Tensor) -> Tensor:
    return 2 * torch.sigmoid(x) ** 2.3 + 1e-7


class Synthesiser(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        w = c.plus.synthesiser_width
        self.harmonics_count, self.highest = c.plus.harmonics, 0.97 * c.spectrogram.sample_rate / 2
        self.pitch, self.loudness, self.body = two_layers(2, w), two_layers(1, w), two_layers(c.body_width, w)
        self.gru, self.out = nn.GRU(3 * w, w, batch_first=True), two_layers(4 * w, w)
        self.amplitude = nn.Linear(w, 1)
        self.harmonics, self.noise = nn.Linear(w, c.plus.harmonics), nn.Linear(w, c.plus.noise_bands)

    def forward(self, hz: Tensor, voiced: Tensor, loudness: Tensor, body: Tensor) -> tuple[Tensor, Tensor]:
        """Three [B, T] and [B, H] -> amplitudes of harmonics [B, T, n] and of noise bands [B, T, N]."""
        pitch = self.pitch(torch.stack([torch.log2(hz / 440) / 2 + 0.375, voiced], -1))
        loudness = self.loudness((loudness[..., None] + 40) / 12)
        x = torch.cat([pitch, loudness, self.body(body)[:, None].expand_as(pitch)], -1)
        y = self.out(torch.cat([self.gru(x)[0], x], -1))
        numbers = torch.arange(1, self.harmonics_count + 1, device=hz.device)
        shares = amplitude(self.harmonics(y)) * (hz[..., None] * numbers < self.highest)
        return amplitude(self.amplitude(y)) * shares / (shares.sum(-1, keepdim=True) + 1e-7), amplitude(
            self.noise(y) - 5
        )


def filtered_noise(bands: Tensor, noise: Tensor, hop: int) -> Tensor:
    """Bands [B, T, N] and white noise [B, T * hop] -> [B, (T + 1) * hop], delayed by N - 1 samples."""
    n = bands.shape[-1]
    response = torch.fft.irfft(torch.complex(bands, torch.zeros_like(bands)), 2 * (n - 1)).roll(n - 1, -1)
    response = response * torch.hann_window(2 * (n - 1), device=bands.device)
    size = 2 * hop
    out = torch.fft.irfft(torch.fft.rfft(noise.unflatten(1, (-1, hop)), size) * torch.fft.rfft(response, size), size)
    head, tail = out[:, :, :hop], out[:, :, hop:]
    return (F.pad(head, (0, 0, 0, 1)) + F.pad(tail, (0, 0, 1, 0))).flatten(1)


def tones(hz: Tensor, harmonics: Tensor, hop: int, sample_rate: int) -> Tensor:
    """Frames 0 .. T -> [B, T * hop]; pitch and amplitudes are interpolated linearly between frames."""
    ramp = torch.arange(hop, device=hz.device) / hop

    def line(x: Tensor) -> Tensor:  # [B, T + 1, ...] -> [B, T, hop, ...]
        shape = (1, 1, hop) + (1,) * (x.dim() - 2)
        return x[:, :-1, None] + (x[:, 1:] - x[:, :-1])[:, :, None] * ramp.view(shape)

    cycles = (line(hz).flatten(1).double() / sample_rate).cumsum(1).frac().float()
    numbers = torch.arange(1, harmonics.shape[-1] + 1, device=hz.device)
    waves = torch.sin(2 * math.pi * (cycles[..., None] * numbers).frac())
    return (waves * line(harmonics).flatten(1, 2)).sum(-1)


def velocity(x: Tensor) -> Tensor:
    return F.pad(x[:, 1:] - x[:, :-1], (0, 0, 1, 0))


def fingers(pose: Tensor) -> Tensor:
    """[B, P, 94] -> [B, P, 80]: fingers relative to the wrist, 20 joints of each hand, x and y, times 4."""
    right = pose[..., 14:54] - pose[..., 6:8].repeat(1, 1, 20)
    left = pose[..., 54:94] - pose[..., 12:14].repeat(1, 1, 20)
    return 4 * torch.cat([right, left], -1)


def motion_features(pose: Tensor, known: Tensor | None = None) -> Tensor:
    """[B, P, 94] -> [B, P, 442]: joints, their velocities, fingers relative to the wrist, their velocities, and the
    deviation of arms and fingers from their mean over all known poses [B, ., 94], by default these."""
    known = pose if known is None else known
    hands = fingers(pose)
    change = 4 * (pose[..., :14] - known[..., :14].mean(1, True))
    bend = 2 * (hands - fingers(known).mean(1, True))
    return torch.cat([pose, 5 * velocity(pose), hands, 3 * velocity(hands), change, bend], -1)


class Motion(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.add_module(
            "in",
            nn.Sequential(
                nn.Linear(442 + c.body_width, 256),
                nn.LayerNorm(256),
                nn.ReLU(),
                nn.Linear(256, 128),
                nn.LayerNorm(128),
                nn.ReLU(),
            ),
        )
        self.gru = nn.GRU(128, c.plus.motion_hidden, c.plus.motion_layers, bidirectional=True, batch_first=True)

    def by_pose_frame(self, pose: Tensor, body: Tensor, known: Tensor | None = None) -> Tensor:
        """[B, P, 94], [B, H] -> [B, P, 2 * hidden]"""
        x = torch.cat([motion_features(pose, known), at_every_step(body, pose.shape[1])], -1)
        return self.gru(self.get_submodule("in")(x))[0]

    def forward(self, pose: Tensor, body: Tensor, frames: int, ratio: float, known: Tensor | None = None) -> Tensor:
        """-> [B, frames, 2 * hidden]; `ratio`: pose frames per frame of the prior."""
        y = self.by_pose_frame(pose, body, known)
        at = (torch.arange(frames, dtype=torch.float64, device=y.device) * ratio).clamp(max=pose.shape[1] - 1)
        first, part = at.floor().long(), at.frac()[:, None].to(y.dtype)
        return y[:, first] * (1 - part) + y[:, (first + 1).clamp(max=pose.shape[1] - 1)] * part


class ControlPrior(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        seen, w = c.body_width + 2 * c.plus.motion_hidden, c.plus.prior_width
        condition = seen + 33
        self.no_level = c.plus.levels
        self.embedding_onset, self.embedding_pitch = nn.Embedding(NO_ONSET + 1, 8), nn.Embedding(PITCHES + 1, 64)
        self.embedding_level, self.embedding_note = nn.Embedding(c.plus.levels + 1, 32), nn.Embedding(PITCHES + 1, 32)
        self.add_module("in", nn.Linear(104 + condition, w))
        self.gru = nn.GRU(w, w, c.plus.prior_layers, batch_first=True)
        self.trunk, self.onset = nn.Linear(w + condition, 256), nn.Linear(256, 2)
        self.pitch, self.level_in = nn.Linear(264, PITCHES), nn.Linear(328, 128)
        self.level, self.seen = nn.Linear(128, c.plus.levels), nn.Linear(seen, PITCHES + 2)

    def condition(self, body: Tensor, motion: Tensor, note: Tensor | None, onset: Tensor | None) -> Tensor:
        """The inputs that do not depend on the past, [B, T, C]; notes [B, T] if there are any."""
        if note is None:
            note = torch.full_like(motion[..., 0], PITCHES, dtype=torch.long)
            onset = torch.zeros_like(note)
        return torch.cat(
            [
                at_every_step(body, motion.shape[1]),
                motion,
                self.embedding_note(note),
                onset[..., None].to(motion.dtype),
            ],
            -1,
        )

    def trunk_of(self, past: Tokens, condition: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Previous tokens of each frame [B, T] -> [B, T, 256], and the GRU's state."""
        before = torch.cat(
            [self.embedding_onset(past.onset), self.embedding_pitch(past.pitch), self.embedding_level(past.level)], -1
        )
        out, state = self.gru(F.relu(self.get_submodule("in")(torch.cat([before, condition], -1))), state)
        return F.relu(self.trunk(torch.cat([out, condition], -1))), state

    def pitch_logits(self, trunk: Tensor, onset: Tensor) -> Tensor:
        return self.pitch(torch.cat([trunk, self.embedding_onset(onset)], -1))

    def free_pitch_logits(self, trunk: Tensor, onset: Tensor, condition: Tensor) -> Tensor:
        """Logits for sampling the pitch without notes: the prediction from movement alone is added once more."""
        logits = self.pitch_logits(trunk, onset) + self.seen_of(condition)[..., :PITCHES]
        logits[..., 0] += NO_PITCH_LOGIT
        return logits

    def free_onset_logits(self, trunk: Tensor, condition: Tensor) -> Tensor:
        """The same for the onset."""
        seen = self.seen_of(condition)[..., PITCHES:]
        logits = self.onset(trunk)
        logits[..., 1] += SEEN_ONSET * (seen[..., 1] - seen[..., 0] - USUAL_ONSET)
        return logits

    def seen_of(self, condition: Tensor) -> Tensor:
        return self.seen(condition[..., : self.seen.in_features])

    def level_logits(self, trunk: Tensor, onset: Tensor, pitch: Tensor) -> Tensor:
        given = torch.cat([trunk, self.embedding_onset(onset), self.embedding_pitch(pitch)], -1)
        return self.level(F.relu(self.level_in(given)))

    def forward(self, tokens: Tokens, condition: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of onset [B, T, 2], pitch [B, T, 129] and level, each given the previous tokens."""

        def before(x: Tensor, none: int) -> Tensor:
            return F.pad(x[:, :-1], (1, 0), value=none)

        past = Tokens(
            before(tokens.onset, NO_ONSET), before(tokens.pitch, PITCHES), before(tokens.level, self.no_level)
        )
        trunk, _ = self.trunk_of(past, condition)
        return (
            self.onset(trunk),
            self.pitch_logits(trunk, tokens.onset),
            self.level_logits(trunk, tokens.onset, tokens.pitch),
        )


class PlusModel(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.prior_trained = self.notes_trained = False
        self.body, self.synthesiser = BodyEncoder(config), Synthesiser(config)
        self.motion, self.controls = Motion(config), ControlPrior(config)

    @property
    def token_rate(self) -> float:
        return self.config.frame_rate / FRAMES_OF_TOKEN

    def player(self, clips: Tensor, pose: Tensor, known: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """A player's clips [n, P, 94], keypoints of the frames to play and all keypoints, both [1, ., 94]
        -> body [1, H] and motion [1, frames, .]."""
        body = self.body(clips).mean(0, keepdim=True)
        return body, self.motion(pose, body, frames, self.config.pose.fps / self.token_rate, known)

    @torch.no_grad()
    def sample_tokens(
        self,
        body: Tensor,
        motion: Tensor,
        sampling: Sampling,
        uniforms: Iterator[float],
        notes: Tensor | None = None,
        onsets: Tensor | None = None,
    ) -> Tokens:
        """Tokens [1, T]. Notes [1, T], if given, determine pitch and onset; a note may ring on after its end."""
        quieter = Sampling(
            sampling.temperature * self.config.generation.level_temperature, sampling.top_k, sampling.top_p
        )
        condition = self.controls.condition(body, motion, notes, onsets)
        chosen: list[tuple[int, int, int]] = []
        last, state, ringing = (NO_ONSET, PITCHES, self.controls.no_level), None, 0

        def pick(logits: Tensor, how: Sampling) -> int:
            return draw(logits.flatten().cpu().numpy(), how, next(uniforms))

        def one(value: int) -> Tensor:
            return torch.tensor([[value]], device=body.device)

        for t in range(motion.shape[1]):
            here = condition[:, t : t + 1]
            trunk, state = self.controls.trunk_of(Tokens(*map(one, last)), here, state)
            if notes is None:
                onset = pick(self.controls.free_onset_logits(trunk, here), sampling)
                pitch = pick(self.controls.free_pitch_logits(trunk, one(onset), here), sampling)
            else:
                onset = int(onsets[0, t])
                pitches = self.controls.pitch_logits(trunk, one(onset))
                if notes[0, t] > 0:
                    ringing = int(notes[0, t])
                elif ringing > 0 and pick(pitches[..., [0, ringing]], sampling) == 0:
                    ringing = 0
                pitch = ringing
            level = pick(self.controls.level_logits(trunk, one(onset), one(pitch)), quieter)
            last = onset, pitch, level
            chosen.append(last)
        return Tokens(*torch.tensor(chosen).T[:, None])

    def frames_of(self, tokens: Tokens) -> tuple[Tensor, Tensor, Tensor]:
        """hz, voiced and loudness [B, 2 T] for the synthesiser's frames."""
        hz = 440 * torch.exp2((tokens.pitch.double() - 70) / 12)
        hz = torch.where(tokens.pitch > 0, hz, torch.nan).float()
        for t in range(hz.shape[1]):  # without a pitch, the last one continues
            before = hz[:, t - 1] if t else torch.full_like(hz[:, 0], REST_HZ)
            hz[:, t] = torch.where(hz[:, t].isnan(), before, hz[:, t])
        loudness = LOUDEST_DB - LEVEL_DB * self.config.plus.levels + LEVEL_DB * (tokens.level.float() + 0.5)
        between = torch.cat([(loudness[:, :-1] + loudness[:, 1:]) / 2, loudness[:, -1:]], 1)
        return (
            hz.repeat_interleave(FRAMES_OF_TOKEN, 1),
            (tokens.pitch > 0).float().repeat_interleave(FRAMES_OF_TOKEN, 1),
            torch.stack([loudness, between], 2).flatten(1),
        )

    @torch.no_grad()
    def play(self, tokens: Tokens, body: Tensor, noise_seed: int) -> Tensor:
        """Sound [B, 2 T * hop], made quieter if it would clip."""
        hop, rate = self.config.spectrogram.hop, self.config.spectrogram.sample_rate
        hz, voiced, loudness = (x.to(body.device) for x in self.frames_of(tokens))
        harmonics, bands = self.synthesiser(hz, voiced, loudness, body)
        generator = torch.Generator().manual_seed(noise_seed)
        white = (torch.rand(hz.shape[0], hz.shape[1] * hop, generator=generator) * 2 - 1).to(body.device)
        late = bands.shape[-1] - 1
        noise = filtered_noise(bands, white, hop)[:, late : late + white.shape[1]]
        sound = tones(torch.cat([hz, hz[:, -1:]], 1), torch.cat([harmonics, harmonics[:, -1:]], 1), hop, rate) + noise
        return sound / (sound.abs().amax(1, keepdim=True) / HIGHEST_PEAK).clamp_min(1)
