"""From keypoints and notes to a performance: the same codes as mi_generate's, from the same random numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .baselines import BaselineModel
from .notes import note_indices, one_voice
from .paper import PaperModel
from .phases import ITERATIONS, invert
from .plus import PlusModel, Tokens
from .pose import Pose
from .sampling import Sampling
from .uniform import Random, derive_seed

MOST_SECONDS = 4 * 3600  # as in the programs


@dataclass
class Performance:
    codes: np.ndarray | None  # [T] int64, as in the sidecar of mi_generate; a baseline has none
    rate: float  # codes per second; frames per second for a baseline
    sound: np.ndarray  # float32 at the model's rate
    magnitudes: np.ndarray | None  # [T, F], None for plus; `sound` has their reconstructed phases


def sampling_of(
    model: PaperModel | PlusModel,
    notes: bool,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Sampling:
    """Values that are not given come from the model's configuration."""
    g = model.config.generation
    return Sampling(
        (g.notes_temperature if notes else g.temperature) if temperature is None else temperature,
        g.top_k if top_k is None else top_k,
        (g.notes_top_p if notes else g.top_p) if top_p is None else top_p,
    )


def windows(pose: Pose, starts: Sequence[float], model: PaperModel | PlusModel | BaselineModel) -> torch.Tensor:
    """Clips of normalised keypoints, [n, P, 94]."""
    c = model.config
    return torch.from_numpy(np.stack([pose.window(start, c.clip_pose_frames, c.pose.fps) for start in starts]))


def uniforms(seed: int, purpose: str, piece: int) -> Iterator[float]:
    random = Random(derive_seed(seed, purpose, piece))
    while True:
        yield random.uniform()


def body_track(model: PaperModel, pose: Pose, steps: int) -> torch.Tensor:
    """The body vector of each step's clip, [1, T, H]; the last clip ends with the keypoints."""
    clip, rate = model.config.clip_frames, model.config.frame_rate
    last = max(0.0, pose.seconds - model.config.data.clip_seconds)
    starts = [min(i * clip / rate, last) for i in range(math.ceil(steps / clip))]
    return model.body(windows(pose, starts, model)).repeat_interleave(clip, 0)[None, :steps]


def play_paper(
    model: PaperModel, pose: Pose, notes, sampling: Sampling, seed: int, piece: int, steps: int, iterations: int
) -> Performance:
    rate = model.config.frame_rate
    asked = None if notes is None else torch.from_numpy(note_indices(notes, steps, rate))[None]
    codes = model.sample_codes(body_track(model, pose, steps), sampling, uniforms(seed, "codes", piece), asked)
    magnitudes = model.to_magnitudes(model.vqvae.decode(codes))[0].T.numpy()
    sound = invert(magnitudes, model.config.spectrogram, seed, iterations)
    return Performance(codes[0].numpy(), rate, sound / max(1.0, abs(sound).max()), magnitudes)


def play_baseline(model: BaselineModel, pose: Pose, seed: int, frames: int, iterations: int) -> Performance:
    """Like `mi_eval examples`: clip after clip, each from its own keypoints."""
    c, rate = model.config, model.config.frame_rate
    clips = model.generate(windows(pose, [i / rate for i in range(0, frames, c.clip_frames)], model), c.clip_frames)
    whole = clips.transpose(0, 1).flatten(1)[:, :frames]  # [F, T]
    magnitudes = model.to_magnitudes(whole).T.numpy()
    return Performance(None, rate, invert(magnitudes, c.spectrogram, seed, iterations), magnitudes)


def play_plus(
    model: PlusModel, pose: Pose, notes, sampling: Sampling, seed: int, piece: int, steps: int, _iterations: int
) -> Performance:
    c, rate = model.config, model.token_rate
    last = max(0.0, pose.seconds - c.data.clip_seconds)
    starts = [min(start, last) for start in np.arange(0, last + c.data.clip_seconds / 2, c.data.clip_seconds)]
    count = math.ceil(steps * c.pose.fps / rate) + 1
    known = max(1, int(pose.seconds * c.pose.fps + 0.5))

    def first(frames: int) -> torch.Tensor:
        return torch.from_numpy(pose.window(0, frames, c.pose.fps))[None]

    body, motion = model.player(windows(pose, starts, model), first(count), first(known), steps)
    asked = onsets = None
    if notes is not None:
        asked, onsets = torch.from_numpy(note_indices(notes, steps, rate))[None], torch.zeros(
            1, steps, dtype=torch.long
        )
        for onset, _, _ in notes:
            place = math.floor(onset * rate + 0.5)
            if 0 <= place < steps:
                onsets[0, place] = 1
    tokens: Tokens = model.sample_tokens(body, motion, sampling, uniforms(seed, "controls", piece), asked, onsets)
    sound = model.play(tokens, body, derive_seed(seed, "noise"))
    return Performance(tokens.packed()[0].numpy(), rate, sound[0].numpy(), None)


@torch.no_grad()
def generate(
    model: PaperModel | PlusModel | BaselineModel,
    pose: Pose,
    notes: Sequence[tuple[float, float, int]] | None = None,
    seed: int = 0,
    piece: int = 0,
    seconds: float | None = None,
    iterations: int = ITERATIONS,
    **sampling,
) -> Performance:
    """Plays what mi_generate plays with --seed SEED, with `notes` (onset_s, duration_s, pitch) if given.

    Of notes that overlap, one voice is played: the highest of those that begin together, each until the next begins.

    `sampling`: temperature, top_k, top_p. `iterations`: rounds of phase reconstruction, which plus does not need. The
    codes are the same as the program's; if two of them are equally probable to within rounding, a different processor
    or version of torch may choose the other. A baseline does not sample: its sound is that of `mi_eval examples`, and
    `seed` only affects its phases.
    """
    rate = model.token_rate if isinstance(model, PlusModel) else model.config.frame_rate
    if seconds is not None and not 0 < seconds <= MOST_SECONDS:
        raise ValueError(f"expected more than 0 and at most {MOST_SECONDS} seconds, got {seconds}")
    pose = pose.resampled(model.config.pose.fps)
    steps = max(1, math.floor((pose.seconds if seconds is None else seconds) * rate + 0.5))
    if isinstance(model, BaselineModel):
        if notes is not None or sampling:
            raise ValueError("expected keypoints alone, because a baseline takes no notes and samples nothing")
        return play_baseline(model, pose.normalised(), seed, steps, iterations)
    if not model.prior_trained:
        raise ValueError("expected a model with a trained prior, but only its first stage is")
    if notes is not None and not model.notes_trained:
        raise ValueError("expected a model that was trained with notes; leave them out")
    notes = None if notes is None else one_voice(notes)
    how = sampling_of(model, notes is not None, **sampling)
    play = play_plus if isinstance(model, PlusModel) else play_paper
    return play(model, pose.normalised(), notes, how, seed, piece, steps, iterations)
