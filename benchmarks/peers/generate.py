"""Keypoints to sound as one would write it in Python: PyTorch for the networks, librosa for the phases.

    generate.py MODEL.safetensors POSE.npy SECONDS OUT.wav [--notes NOTES.csv] [--rounds 32]

The weights are loaded with the mirror in tests/reference; its forwards are written for readability, so
those here use grouped convolutions, cached keys and values, and no gradients. A whole process: bench.py
times it cold, beside mi_generate.
"""

import argparse
import csv
import math
import pathlib
import sys

import librosa
import numpy as np
import soundfile
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/reference"))

from minet_reference import read_model  # noqa: E402

RATE, HOP, CLIP_CODES, CLIP_POSES, POSE_FPS = 16000, 256, 250, 100, 25


def normalised(pose: np.ndarray) -> np.ndarray:
    """[P, 47, 3] -> [P, 94]: relative to the median neck, in shoulder widths."""
    points = pose[:, :, :2].astype(np.float64)
    width = np.median(np.hypot(*(points[:, 1] - points[:, 4]).T))
    return ((points - np.median(points[:, 0], axis=0)) / width).astype(np.float32).reshape(-1, 94)


def body_vectors(model, pose: np.ndarray, codes: int) -> torch.Tensor:
    """[1, T, H]: the body vector of the clip that each code lies in."""
    clips = math.ceil(codes / CLIP_CODES)
    last = max(0, len(pose) - CLIP_POSES)
    starts = [min(i * CLIP_POSES, last) for i in range(clips)]
    rows = [np.arange(start, start + CLIP_POSES).clip(max=len(pose) - 1) for start in starts]
    vectors = model.body(torch.from_numpy(np.stack([pose[row] for row in rows])))
    return vectors.repeat_interleave(CLIP_CODES, 0)[:codes].unsqueeze(0)


def note_indices(path: str, codes: int) -> torch.Tensor:
    """[1, T]: 0, or the pitch + 1 of the sounding note, of several the last to begin."""
    steps = np.zeros(codes, np.int64)
    with open(path, newline="", encoding="utf-8") as file:
        for note in csv.DictReader(file):
            onset, duration = float(note["onset_s"]), float(note["duration_s"])
            first, end = (math.ceil(time * RATE / HOP) for time in (onset, onset + duration))
            steps[first:end] = int(note["pitch"]) + 1
    return torch.from_numpy(steps).unsqueeze(0)


class Rotary:
    def __init__(self, steps: int, width: int):
        half = width // 2
        angles = torch.arange(steps)[:, None] * 10000.0 ** (-2 * torch.arange(half) / width)
        self.cos, self.sin = torch.cat([angles.cos()] * 2, 1), torch.cat([angles.sin()] * 2, 1)

    def __call__(self, x: torch.Tensor, first: int = 0) -> torch.Tensor:  # [h, t, d]
        half, steps = x.shape[-1] // 2, x.shape[-2]
        turned = torch.cat([-x[..., half:], x[..., :half]], -1)
        return x * self.cos[first:first + steps] + turned * self.sin[first:first + steps]


def split_heads(x: torch.Tensor, heads: int) -> torch.Tensor:  # [T, W] -> [h, T, d]
    return x.view(x.shape[0], heads, -1).transpose(0, 1)


def band(steps: int, context: int) -> torch.Tensor:
    t = torch.arange(steps)
    return (t[:, None] - t[None, :]).abs() < context


def feed_forward(block, x):
    return x + block.down(torch.relu(block.up(block.norm2(x))))


def attend(q, k, v, mask=None):
    found = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return found.transpose(0, 1).flatten(1)


def encode_notes(content, notes, body, config, rotary):
    """[T, W]"""
    x = torch.cat([content.embedding(notes[0]), body[0]], -1)
    mask = band(len(x), config.context)
    for block in content.blocks:
        q, k, v = (split_heads(part, config.content_heads)
                   for part in block.attention.qkv(block.norm1(x)).chunk(3, -1))
        x = x + block.attention.out(attend(rotary(q), rotary(k), v, mask))
        x = feed_forward(block, x)
    return content.fc(content.norm_out(x))


def draw_codes(prior, body, memory, config, rotary, generator) -> torch.Tensor:
    """[T], one after the other; keys and values of earlier steps are cached."""
    steps, heads, context = body.shape[1], config.prior_heads, config.context
    kept = [[torch.empty(heads, steps, config.width // heads) for _ in "kv"] for _ in prior.blocks]
    across = []
    if memory is not None and prior.crosses:
        for block in prior.blocks:
            k, v = (split_heads(part, heads) for part in block.cross.kv(memory).chunk(2, -1))
            across.append((rotary(k), v))
    codes = torch.empty(steps, dtype=torch.long)
    previous = prior.start
    for t in range(steps):
        x = torch.cat([previous, body[0, t]])[None]  # [1, W]
        if memory is not None and prior.adds:
            x = x + memory[t]
        low = max(0, t - context + 1)
        for i, block in enumerate(prior.blocks):
            q, k, v = (split_heads(part, heads)
                       for part in block.attention.qkv(block.norm1(x)).chunk(3, -1))
            kept[i][0][:, t:t + 1], kept[i][1][:, t:t + 1] = rotary(k, t), v
            x = x + block.attention.out(attend(rotary(q, t), kept[i][0][:, low:t + 1],
                                               kept[i][1][:, low:t + 1]))
            if across:
                k, v = across[i]
                near = slice(low, t + context)
                q = rotary(split_heads(block.cross.q(block.norm_cross(x)), heads), t)
                x = x + block.cross.out(attend(q, k[:, near], v[:, near]))
            x = feed_forward(block, x)
        x = prior.norm_out(x)
        logits = (prior.to_code(x) @ prior.embedding.weight.T + prior.head_bias if prior.tied
                  else prior.head(x))
        codes[t] = torch.multinomial(logits[0].softmax(-1), 1, generator=generator)
        previous = prior.embedding.weight[codes[t]]
    return codes


def decode(vqvae, codes: torch.Tensor) -> torch.Tensor:
    """[F, T] on the scale of the training data."""
    decoder = vqvae.decoder
    x = torch.relu(decoder.stem(vqvae.quantizer.codes[codes].T[None]))
    for block in [*decoder.res, *decoder.mbr]:
        x = x + block.conv2(torch.relu(block.conv1(x)))
    return decoder.head(x)[0]


def magnitudes(decoded: torch.Tensor, metadata: dict) -> np.ndarray:
    value = {name: float(metadata[f"scale_{name}"])
             for name in ("reference", "floor_db", "mean", "deviation")}
    standardised = decoded.numpy() * value["deviation"] + value["mean"]
    if metadata["scale_kind"] == "log1p":
        return np.maximum(np.expm1(standardised), 0)
    linear = value["reference"] * 10 ** (standardised / 20)
    return np.where(standardised >= value["floor_db"] + 0.5, linear, 0).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("pose")
    parser.add_argument("seconds", type=float)
    parser.add_argument("out")
    parser.add_argument("--notes")
    parser.add_argument("--rounds", type=int, default=32)
    args = parser.parse_args()

    with torch.inference_mode():
        model, config, metadata = read_model(args.model)
        codes = int(args.seconds * RATE / HOP)
        body = body_vectors(model, normalised(np.load(args.pose)), codes)
        rotary = Rotary(codes, config.width // config.prior_heads)
        memory = None
        if args.notes:
            notes = note_indices(args.notes, codes)
            memory = encode_notes(model.content, notes, body, config, rotary)
        drawn = draw_codes(model.prior, body, memory, config, rotary,
                           torch.Generator().manual_seed(0))
        linear = magnitudes(decode(model.vqvae, drawn), metadata)
    sound = librosa.griffinlim(np.pad(linear, ((0, 1), (0, 0))), n_iter=args.rounds, hop_length=HOP,
                               n_fft=2048, random_state=0)
    soundfile.write(args.out, sound / max(1.0, np.abs(sound).max()), RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
