"""Fine-tunes a body encoder on players filmed from other angles or with other habits, by distillation.

It needs no sound, notes or labels.

    python -m minet.finetune_body --model models/plus --known CORPUS... --stage CORPUS... --other CORPUS... --out NEW

The target of a player is the mean of the vectors that the model gives to the player's clips: of --known, which it
encodes well as they are; of --stage, new ones, as filmed from the stage. Each --other (repeatable) has the players of
--stage again, corpus by corpus under the same names, with the same movements but other cameras or habits; their target
is that of --stage. All splits of a corpus are used. The result, in the folder --out, is the same model with another
body encoder: the weighted mean (--interpolate) of the fine-tuned weights and those of the teacher, which keeps more of
the teacher's accuracy on the players it already knew (arXiv 2109.01903).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import torch
from torch import Tensor

from .baselines import BaselineModel
from .load import load
from .paper import BodyEncoder
from .pose import LEFT_ELBOW, LEFT_SHOULDER, LEFT_WRIST, RIGHT_ELBOW, RIGHT_SHOULDER, RIGHT_WRIST
from .records import read_corpus

BATCH = 128  # clips
ARMS = (  # shoulder, elbow, wrist, first joint of the hand
    (RIGHT_SHOULDER, RIGHT_ELBOW, RIGHT_WRIST, 7),
    (LEFT_SHOULDER, LEFT_ELBOW, LEFT_WRIST, 27),
)
SWAY = torch.tensor([0.3, 0.3, 0.3, 0.3, 0.7, 1, 0.5, 0.8, 0.5])  # as in src/training/move_arms.cpp
OTHER_SIDE = [0, 4, 5, 6, 1, 2, 3, *range(27, 47), *range(7, 27)]


def poses_of(corpora: list[pathlib.Path], frames: int, fps: float) -> dict[tuple[int, str], Tensor]:
    """{(place of the corpus in the list, track): normalised keypoints [P, 47, 2], P >= frames}"""
    found = {}
    for place, corpus in enumerate(corpora):
        for track in read_corpus(corpus).tracks:
            joints = track.pose().resampled(fps).normalised().joints
            if len(joints) < frames:
                raise ValueError(f"{track.folder}: expected at least {frames} frames, a clip, got {len(joints)}")
            found[place, track.id] = torch.from_numpy(joints[:, :, :2])
    return found


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


def with_sway(x: Tensor, amount: float, fps: float) -> Tensor:
    hz, phase = 0.08 + 0.7 * torch.rand(len(x), 9, 3, 1), torch.rand(len(x), 9, 3, 1)
    waves = (2 * math.pi * (hz * torch.arange(x.shape[1]) / fps + phase)).sin().sum(2) / math.sqrt(3)
    waves = waves * (amount * SWAY * torch.randn(len(x), 9).abs())[..., None]  # [B, 9, P]

    def by(movement: int) -> Tensor:  # [B, P, 1, 2]
        return waves[:, movement : movement + 2].transpose(1, 2)[:, :, None]

    x = x.clone()
    for movement, (_, elbow, wrist, hand) in zip((0, 2), ARMS):
        x[:, :, [elbow, wrist, *range(hand, hand + 20)]] += by(movement) + by(4)
    neck = x[:, :, :1].clone()
    return rotated(x - neck, waves[:, 6][:, :, None]) + neck + by(7)


def mirrored(x: Tensor, share: float) -> Tensor:
    return torch.where(torch.rand(len(x), 1, 1, 1) < share, x[:, :, OTHER_SIDE] * torch.tensor([-1.0, 1.0]), x)


def with_gaps(x: Tensor, fps: float) -> Tensor:
    """Of 0.2 to 1 s, in which fingers keep their position relative to the wrist."""
    x = x.clone()
    for _, _, wrist, hand in ARMS:
        for clip in (torch.rand(len(x)) < 0.2).nonzero()[:, 0].tolist():
            count = np.random.randint(round(0.2 * fps), round(fps))
            first = np.random.randint(x.shape[1] - count)
            fingers = x[clip, first, hand : hand + 20] - x[clip, first, wrist]
            lost = slice(first, first + count)
            x[clip, lost, hand : hand + 20] = fingers + x[clip, lost, wrist : wrist + 1]
    return x


def filmed(x: Tensor) -> Tensor:
    """Rotated, and scaled in both directions."""
    return rotated(x * (0.04 * torch.randn(len(x), 1, 1, 2)).exp(), 0.04 * torch.randn(len(x), 1, 1))


@torch.no_grad()
def mean_vectors(body: BodyEncoder, players: list[Tensor], frames: int) -> Tensor:  # [players, H]
    clips = (x.flatten(1).unfold(0, frames, frames // 2).transpose(1, 2) for x in players)
    return torch.stack([body(x).mean(0) for x in clips])


def directions(targets: Tensor) -> Tensor:
    """[H, H]: whitens differences of vectors, so that every direction in which players differ counts the same."""
    centred = targets - targets.mean(0)
    variance, axes = torch.linalg.eigh(centred.T @ centred / len(centred))
    return axes / variance.clamp(min=1e-3 * variance.max().item()).sqrt()


def save(model: pathlib.Path, body: BodyEncoder, out: pathlib.Path) -> None:
    data = bytearray((model / "model.safetensors").read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    for name, tensor in body.state_dict().items():
        entry = header["body." + name]
        first, last = (begin + offset for offset in entry["data_offsets"])
        data[first:last] = tensor.numpy().astype({"F16": np.float16, "F32": np.float32}[entry["dtype"]]).tobytes()
    before, after = header["__metadata__"].get("sha256", ""), hashlib.sha256(data[begin:]).hexdigest()
    if before:  # a file of other programs may have none
        data[8:begin] = data[8:begin].replace(before.encode(), after.encode())
    with tempfile.TemporaryDirectory(prefix=f"{out.name}.partial", dir=out.parent) as folder:
        made = pathlib.Path(folder) / out.name
        made.mkdir()
        (made / "model.safetensors").write_bytes(data)
        shutil.copy(model / "config.yaml", made / "config.yaml")
        made.rename(out)


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
    parser.add_argument("--limbs", type=float, default=0.35, help="rad, largest spread of the turn of limbs")
    parser.add_argument("--sway", type=float, default=0.1, help="shoulder widths")
    parser.add_argument("--mirror", type=float, default=0.4, help="share of clips that are mirrored")
    parser.add_argument("--interpolate", type=float, default=0.7, help="weight of the fine-tuned parameters")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to create")
    options = parser.parse_args(words)
    if any(len(other) != len(options.stage) for other in options.other):
        parser.error("each --other needs as many corpora as --stage, in the same order")
    if options.shares and len(options.shares) != 2 + len(options.other):
        parser.error(f"--shares: expected {2 + len(options.other)} numbers, got {len(options.shares)}")
    if options.shares and (min(options.shares) < 0 or sum(options.shares) <= 0):
        parser.error(f"--shares: expected numbers from 0, not all 0, got {options.shares}")
    if options.steps < 1 or not 0 <= options.interpolate <= 1:
        parser.error("expected --steps from 1 and --interpolate from 0 to 1")
    for name in ("model.safetensors", "config.yaml"):
        if not (options.model / name).is_file():
            parser.error(f"--model: expected a folder with {name}, such as models/plus, got {options.model}")
    if not options.out.absolute().parent.is_dir():
        parser.error(f"--out: expected a new folder in an existing one, got {options.out}")
    if options.out.exists():
        parser.error(f"--out: {options.out} exists; choose a new folder")
    return options


class Players:
    """What is drawn from: groups of players, each with its target."""

    def __init__(self, options: argparse.Namespace, teacher: BodyEncoder, frames: int, fps: float):
        known, stage = poses_of(options.known, frames, fps), poses_of(options.stage, frames, fps)
        of_known = mean_vectors(teacher, list(known.values()), frames)
        of_stage = mean_vectors(teacher, list(stage.values()), frames)
        self.groups = [(list(known.values()), of_known), (list(stage.values()), of_stage)]
        for corpora in options.other:
            other = poses_of(corpora, frames, fps)
            for place, track in sorted(stage.keys() - other.keys()):
                raise ValueError(f"{corpora[place]}: expected the tracks of {options.stage[place]}, found no {track}")
            self.groups.append(([other[player] for player in stage], of_stage))
        self.frames, self.shares = frames, torch.tensor(options.shares or [1.0] * len(self.groups))
        self.targets = torch.cat([of_known, of_stage])  # of all players, once
        if not self.targets.var(0).mean() > 0:
            raise ValueError("expected players who differ, but all get the same vector")

    def draw(self) -> tuple[Tensor, Tensor]:
        """Clips [BATCH, P, 47, 2] and their targets [BATCH, H]."""
        clips, wanted = [], []
        for group in torch.multinomial(self.shares, BATCH, replacement=True).tolist():
            players, targets = self.groups[group]
            player = np.random.randint(len(players))
            first = np.random.randint(len(players[player]) - self.frames + 1)
            clips.append(players[player][first : first + self.frames])
            wanted.append(targets[player])
        return torch.stack(clips), torch.stack(wanted)


def finetune(options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)
    model, taught_by = load(options.model), load(options.teacher or options.model)
    if isinstance(model, BaselineModel):
        raise ValueError(f"{options.model}: expected the paper's model or plus, got a baseline")
    if (model.config.model.kind, model.config.body) != (taught_by.config.model.kind, taught_by.config.body):
        raise ValueError(f"{options.teacher}: expected a model of the kind and size of --model")
    teacher = taught_by.body
    body, fps = model.body.train().requires_grad_(True), model.config.pose.fps
    players = Players(options, teacher, model.config.clip_pose_frames, fps)
    variance, whiten = players.targets.var(0).mean(), directions(players.targets)
    optimiser = torch.optim.AdamW(body.parameters(), options.rate, weight_decay=0.01)
    mean = torch.zeros(2)  # of the two losses
    for step in range(options.steps):
        decay = 0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / options.steps))
        optimiser.param_groups[0]["lr"] = options.rate * min(1, step / 50) * decay
        x, wanted = players.draw()
        changed, as_is = mirrored(x, options.mirror).split(BATCH // 2)
        turned, usual = with_gaps(changed, fps).split([BATCH * 3 // 8, BATCH // 8])
        turned = with_sway(with_limbs(turned, options.limbs * np.random.rand()), options.sway, fps)
        x = torch.cat([filmed(torch.cat([turned, usual])), as_is])
        error = body(x.flatten(2)) - wanted
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
    if not all(parameter.half().isfinite().all() for parameter in body.parameters()):
        raise ValueError("expected finite weights, got others; lower --rate")
    save(options.model, body, options.out)
    print(options.out)


if __name__ == "__main__":
    try:
        finetune(options_of())
    except (OSError, ValueError) as error:
        sys.exit(f"minet.finetune_body: {error}")
