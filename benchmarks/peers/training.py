#!/usr/bin/env python3
"""The peer of training_steps: the mirror of tests/reference with forwards that are fast in PyTorch.

    python benchmarks/peers/training.py vqvae|prior CONFIG.yaml [--batch N] [--threads N] [--seed N] [--no-notes]
                                        [--steps N] [--device DEVICE] [--precision float32|tf32|bf16] [--compile]
                                        [--adamw fused|foreach] [--check]

The mirror is written for readability: it loops over bands, heads and vectors. Here its modules, with
their parameters, compute the same in idiomatic PyTorch: grouped convolutions,
scaled_dot_product_attention, the nearest code by one matrix product, index_add_. --check compares
the two on a small case and exits. --steps of them are timed together; a GPU is waited for after the
last. --compile: torch.compile of forward and loss.
"""

import argparse
import dataclasses
import pathlib
import sys

import torch
import yaml
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "reference"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from minet_reference import Config, Model, make_optimiser, modules, rate  # noqa: E402
from worker import serve  # noqa: E402

DROPOUT = 0.0  # the mirror has none; set from the configuration


def drop(x):
    return functional.dropout(x, DROPOUT) if DROPOUT else x


def conv_block(self, x):
    y = functional.conv1d(x, self.conv1.weight, self.conv1.bias, padding=1, groups=self.bands)
    y = functional.conv1d(
        torch.relu(y), self.conv2.weight, self.conv2.bias, padding=1, groups=self.bands
    )
    return x + y


def nearest(self, vectors):
    scores = torch.addmm(0.5 * self.codes.square().sum(1), vectors, self.codes.T, alpha=-1)
    return scores.argmin(1)


@torch.no_grad()
def update(self, vectors, codes):
    ones = torch.ones_like(codes, dtype=self.counts.dtype)
    seen = torch.zeros_like(self.counts).index_add_(0, codes, ones)  # bincount waits for a GPU
    sums = torch.zeros_like(self.sums).index_add_(0, codes, vectors)
    self.counts.mul_(self.decay).add_(seen, alpha=1 - self.decay)
    self.sums.mul_(self.decay).add_(sums, alpha=1 - self.decay)
    n, k = self.counts.sum(), len(self.counts)
    smoothed = (self.counts + self.laplace) / (n + k * self.laplace) * n
    self.codes.copy_(self.sums / smoothed[:, None])


@torch.no_grad()
def revive(quantizer, vectors, threshold):
    usual = len(vectors) / len(quantizer.counts)
    dead = quantizer.dead(len(vectors), threshold).nonzero().flatten()
    chosen = vectors[torch.randperm(len(vectors), device=vectors.device)[: len(dead)]]
    quantizer.codes[dead], quantizer.counts[dead] = chosen, usual
    quantizer.sums[dead] = chosen * usual


TABLES = {}


def rotary(steps, d, like):
    """cos and sin of [T, d / 2], cached by shape."""
    if (steps, d) not in TABLES:
        speeds = 10000.0 ** (-2 * torch.arange(d // 2, dtype=torch.double) / d)
        angles = torch.outer(torch.arange(steps, dtype=torch.double), speeds)
        TABLES[steps, d] = (angles.cos().to(like), angles.sin().to(like))
    return TABLES[steps, d]


def rotate(x):  # [B, h, T, d]
    cos, sin = rotary(x.shape[2], x.shape[3], x)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def attend(q, k, v, heads, causal):
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    y = functional.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=causal)
    return y.transpose(1, 2).flatten(2)


def attention(self, x, causal):
    return drop(self.out(attend(*self.qkv(x).chunk(3, -1), self.heads, causal)))


def cross_attention(self, x, memory, seen):
    return drop(self.out(attend(self.q(x), *self.kv(memory).chunk(2, -1), self.heads, False)))


def block(self, x, causal, memory=None, present=None):
    x = x + self.attention(self.norm1(x), causal)
    if memory is not None:
        x = x + present[:, None, None] * self.cross(self.norm_cross(x), memory, None)
    return x + drop(self.down(torch.relu(self.up(self.norm2(x)))))


def content(self, notes, body):
    x = torch.cat([self.embedding(notes), modules.at_every_step(body, notes.shape[1])], -1)
    x = drop(x)
    for one in self.blocks:
        x = one(x, False)
    return self.fc(self.norm_out(x))


def prior(self, codes, body, memory=None, present=None):
    batch, steps = codes.shape
    start = self.start.expand(batch, 1, -1)
    x = torch.cat([start, self.embedding(codes[:, :-1])], 1)
    x = drop(torch.cat([x, modules.at_every_step(body, steps)], -1))
    for one in self.blocks:
        x = one(x, True, memory, present)
    return self.head(self.norm_out(x))


MIRROR = {}


def patch(on=True):
    for owner, name, function in (
        (modules.ConvBlock, "forward", conv_block),
        (modules.VectorQuantizer, "nearest", nearest),
        (modules.VectorQuantizer, "update", update),
        (modules.Attention, "forward", attention),
        (modules.CrossAttention, "forward", cross_attention),
        (modules.Block, "forward", block),
        (modules.ContentTransformer, "forward", content),
        (modules.Prior, "forward", prior),
    ):
        MIRROR.setdefault((owner, name), getattr(owner, name))
        setattr(owner, name, function if on else MIRROR[owner, name])


def prior_loss(model, codes, pose, notes, present):
    body = model.body(pose)
    memory = model.content(notes, body) if notes is not None else None
    logits = model.prior(codes, body, memory, present)
    return functional.cross_entropy(logits.flatten(0, 1), codes.flatten())


def check():
    """Compares the fast forwards with the mirror's."""
    torch.manual_seed(0)
    c = Config(bins=32, channels=16, bands=(8, 4), codes=24, code_width=8, body_hidden=4,
               prior_heads=2, prior_ffn=16, content_heads=2, content_ffn=16)
    model = Model(c).double()
    spectrogram = torch.randn(2, 32, 16).double()
    given = (torch.randint(24, (2, 16)), torch.randn(2, 6, 94).double(),
             torch.randint(129, (2, 16)), torch.tensor([1.0, 0.0]).double())
    saved = {k: v.clone() for k, v in model.state_dict().items()}
    results = []
    for quick in (False, True):
        patch(quick)
        model.load_state_dict(saved)
        model.vqvae.quantizer.counts.fill_(1)
        model.vqvae.quantizer.sums.copy_(model.vqvae.quantizer.codes)
        out = model.vqvae(spectrogram, quantise=True)
        rows = out["encoded"].transpose(1, 2).reshape(-1, 8).detach()
        model.vqvae.quantizer.update(rows, out["codes"].flatten())
        loss = out["loss"] + prior_loss(model, *given)
        model.zero_grad()
        loss.backward()
        results.append([loss.detach(), model.vqvae.quantizer.codes.clone()]
                       + [p.grad.clone() for p in model.parameters()])
    worst = max(float((a - b).abs().max()) for a, b in zip(*results))
    print(f"largest difference {worst:.1e}")
    return 0 if worst < 1e-9 else 1


@dataclasses.dataclass
class Trainer:
    """Clipping and AdamW for the parameters of one stage."""

    parameters: list
    stage: dict
    adamw: str
    steps: int = 0

    def __post_init__(self):
        groups = make_optimiser(self.parameters, float(self.stage["weight_decay"]),
                                (0.9, 0.999)).param_groups
        groups = [{"params": g["params"], "weight_decay": g["weight_decay"]} for g in groups]
        self.optimiser = torch.optim.AdamW(
            [g for g in groups if g["params"]], lr=0.0, eps=1e-8,
            betas=(self.stage["beta1"], self.stage["beta2"]), **{self.adamw: True})
        self.all = [p for _, p in self.parameters]

    def step(self, loss):
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.all, self.stage["clip_norm"], foreach=True)
        now = rate(self.steps, float(self.stage["learning_rate"]), self.stage["warmup_steps"],
                   self.stage["steps"], float(self.stage["final_rate"]))
        for group in self.optimiser.param_groups:
            group["lr"] = now
        self.optimiser.step()
        self.steps += 1


def forward_of(args, function):
    """In bfloat16 (autocast) and compiled, if requested."""
    def cast(*inputs):
        with torch.autocast(torch.device(args.device).type, dtype=torch.bfloat16):
            return function(*inputs)

    wanted = cast if args.precision == "bf16" else function
    return torch.compile(wanted) if args.compile else wanted


def vqvae_step(args, tree, c, model):
    trainer = Trainer(list(model.vqvae.named_parameters()), tree["vqvae_training"], args.adamw)
    settings, frames, quantizer = tree["vqvae"], args.frames, model.vqvae.quantizer
    batch = args.batch or tree["vqvae_training"]["batch"]
    spectrogram = torch.randn(batch, c.bins, frames).to(args.device)
    with torch.no_grad():  # a codebook of encoder outputs
        clips = torch.randn(c.codes // frames + 1, c.bins, frames).to(args.device)
        vectors = model.vqvae.encoder(clips).transpose(1, 2).reshape(-1, c.code_width)
        quantizer.start(vectors[: c.codes].clone(), torch.ones(c.codes).to(args.device), spectrogram.shape[0] * frames)
    forward = forward_of(args, lambda x: model.vqvae(x, quantise=True))

    def step():
        out = forward(spectrogram)
        trainer.step(out["loss"])
        rows = out["encoded"].detach().float().transpose(1, 2).reshape(-1, c.code_width)
        quantizer.update(rows, out["codes"].flatten())
        if settings["revive_every"] and trainer.steps % settings["revive_every"] == 0:
            revive(quantizer, rows, settings["revive_threshold"])
        return out["loss"]

    return step


def prior_step(args, tree, c, model):
    parameters = [(n, p) for n, p in model.named_parameters() if not n.startswith("vqvae.")]
    trainer = Trainer(parameters, tree["prior_training"], args.adamw)
    batch = args.batch or tree["prior_training"]["batch"]
    codes = torch.randint(c.codes, (batch, args.frames)).to(args.device)
    pose = torch.randn(batch, args.pose_frames, 94).to(args.device)
    notes = torch.randint(129, (batch, args.frames)).to(args.device) if c.content_enabled else None
    present = torch.ones(batch).to(args.device) if c.content_enabled else None
    forward = forward_of(args, lambda: prior_loss(model, codes, pose, notes, present))

    def step():
        loss = forward()
        trainer.step(loss)
        return loss

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("stage", nargs="?", choices=["vqvae", "prior"])
    parser.add_argument("config", nargs="?", type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-notes", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["float32", "tf32", "bf16"], default="float32")
    parser.add_argument("--adamw", choices=["fused", "foreach"], default="fused")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    if args.check:
        sys.exit(check())
    if args.stage is None or args.config is None:
        parser.error("expected a stage and a configuration")

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    patch()
    text = args.config.read_text()
    tree, c = yaml.safe_load(text), Config.from_yaml(text)
    if args.no_notes:
        c = dataclasses.replace(c, content_enabled=False)
    if c.head != "linear" or c.alignment != "cross_attention" or tree["prior"]["kind"] != "transformer":
        sys.exit("this peer has the paper's prior only")
    global DROPOUT
    DROPOUT = c.dropout
    s, seconds = tree["spectrogram"], tree["data"]["clip_seconds"]
    args.frames = int(seconds * s["sample_rate"] / s["hop"])
    args.pose_frames = int(seconds * tree["pose"]["fps"])
    # As in run.precision: what bf16 leaves in float32 uses TF32 on a GPU too.
    exact = args.precision == "float32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = not exact
    model = Model(c).train().to(args.device)
    step = (vqvae_step if args.stage == "vqvae" else prior_step)(args, tree, c, model)

    def work():
        for _ in range(args.steps):
            loss = step()
        return loss.item()

    for _ in range(3):  # warms up and compiles
        work()
    serve(work, lambda loss: {"loss": loss})


if __name__ == "__main__":
    main()
