"""From magnitudes to sound, with the same phases as mi_generate.

A first guess by phase gradient heap integration (Prusa and Soendergaard, DAFx 2016), then rounds of fast Griffin-Lim
(Perraudin, Balazs and Soendergaard 2013) with the update of librosa.griffinlim. src/audio/phase_gradient.cpp and
inversion.cpp do the same frame by frame; here it is vectorised over frames wherever no frame needs another's
phases.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .uniform import Random, derive_seed

ITERATIONS, MOMENTUM = 16, 0.99  # those of mi_generate
HANN = 0.25645  # gamma of the Gaussian nearest to a Hann window, over the square of its length (Prusa et al. 2017)
QUIET = np.float32(11.5)  # nepers (100 dB) below a frame's largest: random phase
MARGIN = np.float32(0.0576)  # nepers (half a decibel) above that limit that still count as quiet
SILENCE = np.float32(-1e30)
TINY = np.float32(1e-30)
LEAST_ENVELOPE = 1e-4  # below this, a sample is covered only by the tail of a window


def _random_turns(frames: int, bins: int, seed: int) -> np.ndarray:  # [T, F], in [0, 1): 16 bits per bin
    random = Random(derive_seed(seed, "phase"))
    words = np.array([[random.next() for _ in range(-(-bins // 4))] for _ in range(frames)], dtype=np.uint64)
    parts = words[:, :, None] >> np.array([0, 16, 32, 48], dtype=np.uint64) & np.uint64(0xFFFF)
    return (parts.reshape(frames, -1)[:, :bins] / 65536).astype(np.float32)


def _offers(before: np.ndarray, now: np.ndarray, is_open: np.ndarray) -> np.ndarray:
    """[T, F]: the magnitude of the quietest bin on the best path to each bin through its lower neighbour."""
    offers = np.empty_like(now)
    offer = np.full(len(now), SILENCE)
    for m in range(now.shape[1]):
        offers[:, m] = offer
        offer = np.where(is_open[:, m], np.minimum(np.maximum(before[:, m], offer), now[:, m]), SILENCE)
    return offers


def _alone(log: np.ndarray, is_open: np.ndarray, rises: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """The first frame, [F]: each run of open bins, integrated from its loudest bin, whose phase is 0."""
    turns, heights = turns.copy(), np.concatenate([[0], np.cumsum(rises)])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_open.astype(np.int8), [0]])))
    for begin, end in zip(edges[::2], edges[1::2]):
        turns[begin:end] = heights[begin:end] - heights[begin + log[begin:end].argmax()]
    return turns


def gradient_turns(magnitudes: np.ndarray, n_fft: int, hop: int, seed: int) -> np.ndarray:
    """[T, F] float32: phases divided by 2 pi, relative to the middle of each frame's window."""
    frames, bins = magnitudes.shape
    largest = np.maximum(magnitudes.max(1), TINY)
    log = np.log(np.maximum(magnitudes, np.maximum(largest * np.float32(math.exp(-QUIET)), TINY)[:, None]))
    is_open = log > (np.log(largest) - QUIET + MARGIN)[:, None]
    ratio = hop / (HANN * n_fft)
    own = (hop * np.arange(bins) % n_fft / n_fft).astype(np.float32)  # turns of the bin's centre frequency per hop
    slope = np.gradient(log, axis=1) if bins > 1 else np.zeros_like(log)
    slope[:, 0] = 0  # the magnitudes of a real sound are the same at the frequencies m and -m
    along = slope * np.float32(ratio / (2 * math.pi)) + own  # turns per hop
    across = np.gradient(log, axis=0) if frames > 1 else np.zeros_like(log)
    across = across * np.float32(-1 / ratio / (2 * math.pi))  # turns per bin
    rises = 0.5 * (across[:, :-1] + across[:, 1:]).astype(np.float64)
    heights = np.concatenate([np.zeros((frames, 1)), np.cumsum(rises, 1)], 1)
    before = log[:-1]
    below = _offers(before, log[1:], is_open[1:])
    above = _offers(before[:, ::-1], log[1:, ::-1], is_open[1:, ::-1])[:, ::-1]
    onwards = is_open[1:] & (before >= above) & (before >= below)
    from_below = is_open[1:] & ~onwards & (below >= above)
    from_above = is_open[1:] & ~onwards & ~from_below
    # The bin that a bin's phase starts from: the next one below or above whose phase comes from the previous frame.
    place = np.arange(bins)
    lower = np.maximum.accumulate(np.where(from_below, 0, place), axis=1)
    upper = np.minimum.accumulate(np.where(from_above, bins, place)[:, ::-1], axis=1)[:, ::-1]
    root = np.where(from_below, lower, np.where(from_above, upper, place))
    climb = heights[1:] - np.take_along_axis(heights[1:], root, 1)
    steps = 0.5 * (along[:-1] + along[1:])

    turns = _random_turns(frames, bins, seed)
    turns[0] = _alone(log[0], is_open[0], rises[0], turns[0])
    turns[0] -= np.round(turns[0])
    for t in range(1, frames):
        now = np.where(onwards[t - 1], turns[t - 1] + steps[t - 1], turns[t])
        now = now[root[t - 1]] + climb[t - 1]
        turns[t] = now - np.round(now)
    return turns


class Frames:
    """Windowed frames of a sound and back: frame t is centred on sample t * hop, with zeros outside the sound."""

    def __init__(self, frames: int, n_fft: int, hop: int):
        self.n_fft, self.hop, self.samples = n_fft, hop, frames * hop
        self.window = torch.hann_window(n_fft, dtype=torch.float64).float()
        covered = self.add_up((self.window**2).expand(frames, -1))
        self.gain = torch.where(covered < LEAST_ENVELOPE, 0.0, 1 / covered)

    def add_up(self, pieces: Tensor) -> Tensor:  # [T, n_fft] -> [samples]
        length = (len(pieces) - 1) * self.hop + self.n_fft
        whole = F.fold(pieces.T[None], (1, length), (1, self.n_fft), stride=(1, self.hop))[0, 0, 0]
        return whole[self.n_fft // 2 :][: self.samples]

    def to_sound(self, spectra: Tensor) -> Tensor:
        return self.add_up(torch.fft.irfft(spectra, self.n_fft) * self.window) * self.gain

    def to_spectra(self, sound: Tensor) -> Tensor:
        half = self.n_fft // 2
        pieces = F.pad(sound, (half, half)).unfold(0, self.n_fft, self.hop)[: self.samples // self.hop]
        return torch.fft.rfft(pieces * self.window)


def invert(magnitudes: np.ndarray, shape: SimpleNamespace, seed: int = 0, iterations: int = ITERATIONS) -> np.ndarray:
    """Linear magnitudes [T, F] and the configuration's `spectrogram` -> float32 [T * hop]; missing bins count as 0."""
    if magnitudes.ndim != 2 or magnitudes.shape[1] != shape.bins or len(magnitudes) < 1 or magnitudes.min() < 0:
        raise ValueError(f"expected magnitudes [T, {shape.bins}] of 0 or more, got an array of {magnitudes.shape}")
    if iterations < 0:
        raise ValueError(f"expected 0 or more iterations, got {iterations}")
    magnitudes = np.ascontiguousarray(magnitudes, dtype=np.float32)
    turns = gradient_turns(magnitudes, shape.n_fft, shape.hop, seed)
    frames = Frames(len(magnitudes), shape.n_fft, shape.hop)
    missing = shape.n_fft // 2 + 1 - shape.bins
    target = F.pad(torch.from_numpy(magnitudes), (0, missing))
    # A transform that starts at the window's beginning flips the sign of every other bin.
    signs = torch.ones(target.shape[1])
    signs[1::2] = -1
    angles = F.pad(torch.from_numpy(turns), (0, missing)).double() * (2 * math.pi)
    sound = frames.to_sound(torch.polar(target * signs, angles.float()))
    alpha, previous = MOMENTUM / (1 + MOMENTUM), torch.zeros_like(target, dtype=torch.complex64)
    for _ in range(iterations):
        rebuilt = frames.to_spectra(sound)
        wanted = rebuilt - alpha * previous
        previous = rebuilt
        power = wanted.real**2 + wanted.imag**2
        sound = frames.to_sound(wanted * (target / (power + 1e-30).sqrt()))
    return sound.numpy()
