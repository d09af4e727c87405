"""Fine-tunes a body encoder on players as they look elsewhere, by distillation: without sound, notes or labels.

    python -m minet.finetune_body --model models/plus --known CORPUS... --stage CORPUS... --other CORPUS... --out NEW

The target of a player is the mean of the vectors that the model gives to his clips: of --known, on which it was
trained, as they are; of --stage, new ones, as filmed from the stage. Each --other (repeatable) has the players of
--stage again, corpus by corpus under the same names, with the same movements but other cameras or habits; their target
is that of --stage. The result, in the folder --out, is the same model with another body encoder: the weighted mean
(--interpolate) of the fine-tuned weights and those of the teacher, which is better on the players that the teacher knew
(arXiv 2109.01903).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import pathlib
import shutil

import numpy as np
import torch
from torch import Tensor

from .load import load
from .pose import read_pose

FRAMES, BATCH = 100, 128  # of a clip; clips
ARMS = ((1, 2, 3, 7), (4, 5, 6, 27))  # shoulder, elbow, wrist, first joint of the hand
SWAY = torch.tensor([0.3, 0.3, 0.3, 0.3, 0.7, 1, 0.5, 0.8, 0.5])  # as in src/training/move_arms.cpp
OTHER_SIDE = [0, 4, 5, 6, 1, 2, 3, *range(27, 47), *range(7, 27)]


def poses_of(corpora: list[pathlib.Path]) -> dict[tuple[int, str], Tensor]:
    """{(place of the corpus in the list, track): normalised keypoints [P, 47, 2]}"""
    return {
        (place, file.parent.name): torch.from_numpy(read_pose(file).normalised().joints[:, :, :2])
        for place, corpus in enumerate(corpora)
        for file in sorted(corpus.glob("*/pose.npy"))
    }


def rotated(xy: Tensor, angle: Tensor, size: Tensor | float = 1.0) -> Tensor:
    cosine, sine = angle.cos() * size, angle.sin() * size
    return torch.stack([cosine * xy[..., 0] - sine * xy[..., 1], sine * xy[..., 0] + cosine * xy[..., 1]], -1)


def with_limbs(x: Tensor, limbs: float) -> Tensor:
    x = x.clone()
    for *joints, hand in ARMS:
        for i, joint in enumerate(joints):
            angle = limbs * torch.randn(len(x), 1, 1)
            size = (0.6 * limbs * torch.randn(len(x), 1, 1)).exp()
            below = [*joints[i + 1 :], *range(hand, hand + 20)]
            centre = x[:, :, joint : joint + 1].clone()
            x[:, :, below] = rotated(x[:, :, below] - centre, angle, size) + centre
    return x


def with_sway(x: Tensor, amount: float) -> Tensor:
    hz, phase = 0.08 + 0.7 * torch.rand(len(x), 9, 3, 1), torch.rand(len(x), 9, 3, 1)
    waves = (2 * math.pi * (hz * torch.arange(FRAMES) / 25 + phase)).sin().sum(2) / math.sqrt(3)
    waves = waves * (amount * SWAY * torch.randn(len(x), 9).abs())[..., None]  # [B, 9, P]

    def by(movement: int) -> Tensor:  # [B, P, 1, 2]
        return waves[:, movement : movement + 2].transpose(1, 2)[:, :, None]

    x = x.clone()
    for movement, (_, elbow, wrist, hand) in zip((0, 2), ARMS):
        x[:, :, [elbow, wrist, *range(hand, hand + 20)]] += by(movement) + by(4)
    neck = x[:, :, :1].clone()
    return rotated(x - neck, waves[:, 6][:, :, None]) + neck + by(7)


def augmented(x: Tensor, limbs: float, sway: float) -> Tensor:
    """Mirrored, with gaps in hands, limbs turned, swaying, rotated and scaled: [B, P, 47, 2]."""
    mirrored = x[:, :, OTHER_SIDE] * torch.tensor([-1.0, 1.0])
    x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.2, mirrored, x)
    for _, _, wrist, hand in ARMS:  # the fingers keep their position relative to the wrist for 0.2 to 1 s
        for clip in (torch.rand(len(x)) < 0.2).nonzero()[:, 0].tolist():
            count = np.random.randint(5, 25)
            first = np.random.randint(FRAMES - count)
            fingers = x[clip, first, hand : hand + 20] - x[clip, first, wrist]
            lost = slice(first, first + count)
            x[clip, lost, hand : hand + 20] = fingers + x[clip, lost, wrist : wrist + 1]
    if limbs > 0:
        x = with_sway(with_limbs(x, 1.4 * limbs * np.random.rand()), sway)
    return rotated(x * (0.04 * torch.randn(len(x), 1, 1, 2)).exp(), 0.04 * torch.randn(len(x), 1, 1))


@torch.no_grad()
def mean_vectors(body, players: list[Tensor]) -> Tensor:  # [players, H]
    def clips(x: Tensor) -> Tensor:
        return torch.stack([x[first : first + FRAMES].flatten(1) for first in range(0, len(x) - FRAMES + 1, 50)])

    return torch.stack([body(clips(x)).mean(0) for x in players])


def directions(targets: Tensor) -> Tensor:
    """[H, H]: whitens differences of vectors, so that every direction in which players differ counts the same."""
    centred = targets - targets.mean(0)
    variance, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
    return axes / variance.clamp(min=1e-3 * variance.max().item()).sqrt()


def save(model: pathlib.Path, body, out: pathlib.Path) -> None:
    data = bytearray((model / "model.safetensors").read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    for name, tensor in body.state_dict().items():
        entry = header["body." + name]
        first, last = (begin + offset for offset in entry["data_offsets"])
        data[first:last] = tensor.numpy().astype({"F16": np.float16, "F32": np.float32}[entry["dtype"]]).tobytes()
    before, after = header["__metadata__"]["sha256"], hashlib.sha256(data[begin:]).hexdigest()
    data[8:begin] = data[8:begin].replace(before.encode(), after.encode())
    out.mkdir(parents=True)
    (out / "model.safetensors").write_bytes(data)
    shutil.copy(model / "config.yaml", out / "config.yaml")


def options_of(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="the model to change")
    parser.add_argument("--teacher", type=pathlib.Path, help="the model that gives the targets; default: --model")
    parser.add_argument("--known", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--stage", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--other", type=pathlib.Path, nargs="+", action="append", required=True)
    parser.add_argument("--shares", type=float, nargs="+", help="of --known, --stage and each --other in a batch")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=0.002, help="learning rate")
    parser.add_argument("--limbs", type=float, default=0.25, help="rad, mean turn of limbs in 3 of 8 clips")
    parser.add_argument("--sway", type=float, default=0.1, help="shoulder widths")
    parser.add_argument("--interpolate", type=float, default=0.7, help="weight of the fine-tuned parameters")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to create")
    options = parser.parse_args(words)
    if any(len(other) != len(options.stage) for other in options.other):
        parser.error("each --other needs as many corpora as --stage, in the same order")
    if options.out.exists():
        parser.error(f"--out: {options.out} exists; choose a new folder")
    return options


def finetune(options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    known, stage = poses_of(options.known), poses_of(options.stage)
    others = [poses_of(corpora) for corpora in options.other]
    teacher = load(options.teacher or options.model).body
    of_known = mean_vectors(teacher, list(known.values()))
    of_stage = mean_vectors(teacher, list(stage.values()))
    groups = [(list(known.values()), of_known), (list(stage.values()), of_stage)]
    groups += [([other[player] for player in stage], of_stage) for other in others]
    shares = torch.tensor(options.shares or [1.0] * len(groups))
    targets = torch.cat([of_known, of_stage])
    variance, whiten = targets.var(0).mean(), directions(targets)

    body = load(options.model).body.train().requires_grad_(True)
    optimiser = torch.optim.AdamW(body.parameters(), options.rate, weight_decay=0.01)
    mean = torch.zeros(2)  # of the two losses
    for step in range(options.steps):
        decay = 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / options.steps))
        optimiser.param_groups[0]["lr"] = options.rate * min(1, step / 50) * decay
        clips, wanted = [], []
        for group in torch.multinomial(shares, BATCH, replacement=True).tolist():
            players, vectors = groups[group]
            player = np.random.randint(len(players))
            first = np.random.randint(len(players[player]) - FRAMES + 1)
            clips.append(players[player][first : first + FRAMES])
            wanted.append(vectors[player])
        x = torch.stack(clips)
        turned, usual = BATCH * 3 // 8, BATCH // 2
        x = torch.cat([augmented(x[:turned], options.limbs, options.sway), augmented(x[turned:usual], 0, 0), x[usual:]])
        error = body(x.flatten(2)) - torch.stack(wanted)
        losses = torch.stack([(error**2).mean() / variance, ((error @ whiten) ** 2).mean()])
        optimiser.zero_grad()
        losses.sum().backward()
        torch.nn.utils.clip_grad_norm_(body.parameters(), 1.0)
        optimiser.step()
        mean = mean + (losses.detach() - mean) / min(step + 1, 50)
        if (step + 1) % 100 == 0:
            print(f"step {step + 1}: error {mean[0]:.4f} of the variance; whitened {mean[1]:.4f}", flush=True)
    with torch.no_grad():
        for parameter, before in zip(body.parameters(), teacher.parameters()):
            parameter.lerp_(before, 1 - options.interpolate)
    save(options.model, body, options.out)


if __name__ == "__main__":
    finetune(options_of())
