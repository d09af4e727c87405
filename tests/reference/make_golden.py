#!/usr/bin/env python3
"""Writes golden/*.safetensors: what the C++ modules and training steps must reproduce.

    python3 make_golden.py            # rewrites golden/; the same machine gives the same bytes
    python3 make_golden.py --check    # writes nothing; exit status 1 if a stored number is off

Everything is computed in double precision from weights and inputs that are exact in float, so the stored numbers
are exact up to float rounding. Names in a file: `weights.<parameter>`, `<case>.input.<what>`,
`<case>.output.<what>`, `<case>.probe.<output>` (the case's scalar is sum(output * probe)) and
`<case>.grad.<parameter or input>`. H = 4 differs from D = 8, so that a swapped concatenation shows.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from minet_reference import Config, Model, VectorQuantizer, make_optimiser, rate  # noqa: E402
from minet_reference import read_with_metadata  # noqa: E402
from minet_reference.modules import cross_entropy  # noqa: E402
from minet_reference.optimiser import optimiser_step  # noqa: E402

B, T, P, BATCHES, STEPS, PLAIN_STEPS = 2, 16, 6, 3, 10, 3

SMALL = Config(
    bins=32,
    channels=8,
    bands=(8, 4, 2, 1),
    residual_blocks=2,
    codes=24,
    code_width=8,
    beta=0.25,
    ema_decay=0.9,
    laplace=1e-5,
    body_hidden=2,
    body_layers=3,
    prior_layers=2,
    prior_heads=2,
    prior_ffn=16,
    dropout=0.0,
    context=10,  # < T, so that the band matters
    content_layers=2,
    content_heads=2,
    content_ffn=16,
)


@dataclasses.dataclass
class Stage:
    steps: int = STEPS
    batch: int = B
    learning_rate: float = 0.01
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    warmup_steps: int = 4
    final_rate: float = 0.1
    clip_norm: float = 1.0


VQVAE_STAGE = Stage(learning_rate=0.01, weight_decay=0.05, beta2=0.99, clip_norm=0.5)
PRIOR_STAGE = Stage(learning_rate=0.02, weight_decay=0.1, beta2=0.95, clip_norm=0.3)


def yaml_text(c: Config) -> str:
    """The same configuration as a run's config.yaml (include/minet/config/train_config.hpp)."""

    def stage(name: str, s: Stage) -> str:
        fields = "".join(f"  {key}: {value}\n" for key, value in dataclasses.asdict(s).items())
        return f"{name}:\n{fields}"

    return (
        # T = 0.0641 s * 4000 Hz / 16 = 16 and P = 0.0641 s * 94 = 6, rounded down
        "spectrogram:\n  sample_rate: 4000\n  n_fft: 64\n  hop: 16\n"
        f"  bins: {c.bins}\n"
        "pose:\n  fps: 94\n"
        "data:\n  clip_seconds: 0.0641\n"
        f"vqvae:\n  channels: {c.channels}\n  bands: [{', '.join(map(str, c.bands))}]\n"
        f"  residual_blocks: {c.residual_blocks}\n  codes: {c.codes}\n"
        f"  code_width: {c.code_width}\n  beta: {c.beta}\n  ema_decay: {c.ema_decay}\n"
        f"  laplace: {c.laplace:.8f}\n  plain_steps: {PLAIN_STEPS}\n  kmeans_vectors: 32\n"
        "  revive_every: 0\n"
        f"body:\n  hidden: {c.body_hidden}\n  layers: {c.body_layers}\n"
        f"prior:\n  layers: {c.prior_layers}\n  heads: {c.prior_heads}\n  ffn: {c.prior_ffn}\n"
        f"  dropout: {c.dropout}\n  context: {c.context}\n  embedding: random\n"
        f"  head: {c.head}\n"
        f"content:\n  enabled: {'true' if c.content_enabled else 'false'}\n"
        f"  layers: {c.content_layers}\n  heads: {c.content_heads}\n  ffn: {c.content_ffn}\n"
        f"  alignment: {c.alignment}\n  drop: 0.0\n"
        + stage("vqvae_training", VQVAE_STAGE)
        + stage("prior_training", PRIOR_STAGE)
        + "run:\n  seed: 1\n"
    )


# ---- random numbers that are exact in float ----


class Source:
    def __init__(self, seed: int):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        values = torch.randn(shape, generator=self.generator, dtype=torch.float64) * scale
        return values.float().double()

    def integers(self, limit: int, *shape: int) -> Tensor:
        return torch.randint(limit, shape, generator=self.generator)


def fill(module: nn.Module, source: Source) -> None:
    """Weights large enough that every path matters: none left at their initial zeros or ones."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            owner, _, last = name.rpartition(".")
            if owner.rpartition(".")[2].startswith("norm"):
                offset = 1.0 if last == "weight" else 0.0
                parameter.copy_((offset + source.normal(*parameter.shape, scale=0.2)).float())
            elif parameter.dim() == 1:
                parameter.copy_(source.normal(*parameter.shape, scale=0.1))
            elif owner.endswith("embedding"):
                parameter.copy_(source.normal(*parameter.shape, scale=0.7))
            else:
                fan_in = parameter[0].numel()
                parameter.copy_(source.normal(*parameter.shape, scale=0.8 / fan_in**0.5))


def small_model(seed: int, **changes) -> tuple[Model, Config]:
    c = dataclasses.replace(SMALL, **changes)
    model = Model(c).double()
    fill(model, Source(seed))
    return model, c


def smooth_spectrogram(source: Source, batch: int) -> Tensor:
    """[B, F, T] of about unit variance whose neighbouring frames are similar, so that it can be learned."""
    noise = source.normal(batch, SMALL.bins, T + 4)
    smoothed = sum(noise[:, :, i : i + T] for i in range(5)) / 5**0.5
    return smoothed.float().double()


# ---- files ----


class Golden:
    def __init__(self, name: str, c: Config, **metadata: str):
        self.name, self.tensors = name, {}
        self.metadata = {
            "generator": "tests/reference/make_golden.py",
            "config": yaml_text(c),
            **metadata,
        }

    def put(self, name: str, value: Tensor | float | list[float]) -> None:
        tensor = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
        tensor = tensor.detach().clone(memory_format=torch.contiguous_format)
        self.tensors[name] = tensor.float() if tensor.is_floating_point() else tensor

    def put_weights(self, model: nn.Module, prefix: str = "weights.", only: str = "") -> None:
        for name, tensor in model.state_dict().items():
            if name.startswith(only):
                self.put(prefix + name, tensor)


def put_gradients(golden: Golden, case: str, model: nn.Module, only: tuple[str, ...]) -> None:
    for name, parameter in model.named_parameters():
        if name.startswith(only) and parameter.grad is not None:
            golden.put(f"{case}.grad.{name}", parameter.grad)


# ---- modules ----


def start_codes_near(model: Model, spectrogram: Tensor, source: Source) -> None:
    """A codebook whose codes lie among the encoder's vectors, so that many of them are used."""
    with torch.no_grad():
        vectors = model.vqvae.encoder(spectrogram).transpose(1, 2).reshape(-1, SMALL.code_width)
        chosen = vectors[source.integers(len(vectors), SMALL.codes)]
        noise = source.normal(*chosen.shape, scale=0.3 * float(vectors.std()))
        model.vqvae.quantizer.codes.copy_((chosen + noise).float())


def assert_clear(quantizer: VectorQuantizer, vectors: Tensor) -> None:
    """The nearest code must be clearly nearest, or float and double could choose differently."""
    two = quantizer.distances(vectors).topk(2, dim=1, largest=False).values
    margin = ((two[:, 1] - two[:, 0]) / two[:, 1]).min()
    if margin < 1e-4:
        raise SystemExit(f"two codes are almost equally near ({margin:.1e}): choose another seed")


def vqvae_golden() -> Golden:
    source = Source(11)
    model, c = small_model(1)
    golden = Golden("vqvae", c)
    spectrogram = smooth_spectrogram(source, B)
    start_codes_near(model, spectrogram, source)
    golden.put_weights(model, only="vqvae.")
    golden.put("input.spectrogram", spectrogram)
    for case, quantise in (("plain", False), ("quantised", True)):
        model.zero_grad()
        x = spectrogram.clone().requires_grad_()
        out = model.vqvae(x, quantise)
        out["loss"].backward()
        if quantise:
            vectors = out["encoded"].detach().transpose(1, 2).reshape(-1, c.code_width)
            assert_clear(model.vqvae.quantizer, vectors)
        for name, value in out.items():
            golden.put(f"{case}.output.{name}", value)
        golden.put(f"{case}.grad.input.spectrogram", x.grad)
        put_gradients(golden, case, model, ("vqvae.",) if quantise else ("vqvae.encoder.stem",))
    codes = source.integers(c.codes, B, T)
    golden.put("decode.input.codes", codes)
    golden.put("decode.output.spectrogram", model.vqvae.decode(codes))

    # One block of each kind by itself, with its gradients. Masked bands would show here.
    for name, block in (
        ("vqvae.encoder.mbr.0", model.vqvae.encoder.mbr[0]),
        ("vqvae.encoder.res.0", model.vqvae.encoder.res[0]),
    ):
        golden.put(f"block.{name}.input", x := source.normal(B, c.channels, T))
        golden.put(f"block.{name}.output", block(x))
    return golden


def quantizer_golden() -> Golden:
    source = Source(12)
    c = SMALL
    quantizer = VectorQuantizer(c).double()
    golden = Golden("quantizer", c)
    centres = source.normal(c.codes, c.code_width)
    sizes = 1 + source.integers(50, c.codes)
    quantizer.start(centres, sizes.double(), tokens_per_batch=B * T)
    golden.put("start.input.centres", centres)
    golden.put("start.input.sizes", sizes)
    for name in ("codes", "counts", "sums"):
        golden.put(f"start.output.{name}", getattr(quantizer, name))
    for step in range(4):  # few codes are near these vectors, so the other counts decay
        vectors = centres[source.integers(8, B * T)] + source.normal(B * T, c.code_width, scale=0.4)
        vectors = vectors.float().double()
        assert_clear(quantizer, vectors)
        codes = quantizer.nearest(vectors)
        quantizer.update(vectors, codes)
        golden.put(f"update.{step}.input.vectors", vectors)
        golden.put(f"update.{step}.output.nearest", codes)
        for name in ("codes", "counts", "sums"):
            golden.put(f"update.{step}.output.{name}", getattr(quantizer, name))
    threshold = 0.6
    dead = quantizer.dead(B * T, threshold)
    assert 0 < dead.sum() < c.codes, "the threshold must divide the codes"
    golden.put("revive.input.vectors", vectors)
    golden.put("revive.input.threshold", threshold)
    golden.put("revive.output.dead", dead.long())
    # Ties: the lowest index wins.
    twins = source.normal(4, c.code_width).repeat(c.codes // 4, 1)  # code k equals code k % 4
    quantizer.codes.copy_(twins)
    golden.put("ties.input.codes", twins)
    golden.put("ties.input.vectors", near := twins[:4] + source.normal(4, c.code_width, scale=0.01))
    golden.put("ties.output.nearest", quantizer.nearest(near))
    return golden


def body_golden() -> Golden:
    source = Source(13)
    model, c = small_model(3)
    golden = Golden("body", c)
    golden.put_weights(model, only="body.")
    pose = source.normal(B, P, 94)
    x = pose.clone().requires_grad_()
    h = model.body(x)
    probe = source.normal(*h.shape)
    (h * probe).sum().backward()
    golden.put("body.input.pose", pose)
    golden.put("body.output.h", h)
    golden.put("body.probe.h", probe)
    golden.put("body.grad.input.pose", x.grad)
    put_gradients(golden, "body", model, ("body.",))
    return golden


def content_golden() -> Golden:
    source = Source(14)
    model, c = small_model(4)
    golden = Golden("content", c)
    golden.put_weights(model, only="content.")
    notes = source.integers(129, B, T)
    notes[0, :2] = torch.tensor([0, 128])  # rest and the highest note
    golden.put("input.notes", notes)
    for case, shape in (("clip", (B, c.body_width)), ("moving", (B, T, c.body_width))):
        model.zero_grad()
        body = source.normal(*shape)
        h = body.clone().requires_grad_()
        memory = model.content(notes, h)
        probe = source.normal(*memory.shape)
        (memory * probe).sum().backward()
        golden.put(f"{case}.input.body", body)
        golden.put(f"{case}.output.memory", memory)
        golden.put(f"{case}.probe.memory", probe)
        golden.put(f"{case}.grad.input.body", h.grad)
        if case == "clip":
            put_gradients(golden, case, model, ("content.",))
    return golden


# A case: configuration, whether h is the same at every step, whether `present` is given, and the parameters whose
# gradients are stored (all of them if the case differs from the others in all).
PRIOR_CASES = {
    "bare": (dict(content_enabled=False), True, False, ("prior.blocks.", "prior.start")),
    "moving": (dict(content_enabled=False), False, False, ("prior.start",)),
    "tied": (
        dict(content_enabled=False, head="tied"),
        True,
        False,
        ("prior.embedding", "prior.to_code", "prior.head_bias", "prior.norm_out"),
    ),
    "added": (dict(alignment="added"), True, False, ("prior.norm_out",)),
    "cross": (dict(alignment="cross_attention"), True, False, ("prior.blocks.0.",)),
    "both": (dict(alignment="both"), True, False, ("prior.blocks.1.", "prior.embedding", "prior.head")),
    "cross_present": (dict(alignment="cross_attention"), True, True, ("prior.blocks.1.cross.",)),
    "added_present": (dict(alignment="added"), True, True, ("prior.start",)),
}


def prior_weights(golden: Golden, seed: int, parts: tuple[str, ...], **changes) -> dict[str, torch.Tensor]:
    """The weights of the largest prior, from which each case takes those that it has; `parts` go into the file."""
    largest, _ = small_model(seed, alignment="both", **changes)
    tied, _ = small_model(seed + 1, content_enabled=False, head="tied", **changes)
    weights = largest.state_dict()
    weights |= {k: v for k, v in tied.state_dict().items() if k.startswith(("prior.to_code", "prior.head_bias"))}
    for name, tensor in weights.items():
        if name.startswith(parts):
            golden.put(f"weights.{name}", tensor)
    return weights


def put_inputs(golden: Golden, **inputs: torch.Tensor) -> None:
    for name, tensor in inputs.items():
        golden.put(f"input.{name}", tensor)


def put_prior_cases(golden: Golden, cases: dict, base: Config, weights: dict, inputs: dict, probe, memory_of, yaml) -> None:
    """Logits, cross-entropy and gradients of each case; memory_of(case, model, h) is what the prior attends to."""
    codes = inputs["codes"]
    for case, (changes, constant, with_present, stored) in cases.items():
        config = dataclasses.replace(base, **changes)
        model = Model(config).double()
        own = model.state_dict()
        model.load_state_dict({k: weights.get(k, own[k]) for k in own})
        h = inputs["body" if constant else "moving_body"].clone().requires_grad_()
        memory = memory_of(case, model, h) if config.content_enabled else None
        logits = model.prior(codes, h, memory, inputs["present"] if with_present else None)
        (logits * probe).sum().backward()
        golden.put(f"{case}.output.logits", logits)
        golden.put(f"{case}.output.cross_entropy", cross_entropy(logits, codes))
        golden.put(f"{case}.grad.input.body", h.grad)
        if memory is not None and memory.is_leaf:
            golden.put(f"{case}.grad.input.memory", memory.grad)
        put_gradients(golden, case, model, stored)
        golden.metadata[f"config.{case}"] = yaml(config)


def prior_golden() -> Golden:
    source = Source(15)
    c = dataclasses.replace(SMALL, alignment="both")
    golden = Golden("prior", c)
    weights = prior_weights(golden, 5, ("prior.",))
    codes = source.integers(c.codes, B, T)
    body = source.normal(B, c.body_width)
    moving = source.normal(B, T, c.body_width)
    memory = source.normal(B, T, c.width)
    present = torch.tensor([0.0, 1.0], dtype=torch.float64)
    probe = source.normal(B, T, c.codes, scale=0.1)
    inputs = {"codes": codes, "body": body, "moving_body": moving, "memory": memory, "present": present}
    put_inputs(golden, **inputs)
    golden.put("probe.logits", probe)
    put_prior_cases(golden, PRIOR_CASES, SMALL, weights, inputs, probe,
                    lambda case, model, h: memory.clone().requires_grad_(), yaml_text)
    return golden


# ---- training ----


def prior_batches(golden: Golden, source: Source, c: Config) -> list[dict[str, torch.Tensor]]:
    batches = []
    for i in range(BATCHES):
        batch = {
            "codes": source.integers(c.codes, B, T),
            "pose": source.normal(B, P, 94),
            "notes": source.integers(129, B, T),
            "notes_present": torch.tensor([1.0, 0.0 if i == 1 else 1.0], dtype=torch.float64),
        }
        batches.append(batch)
        for name, value in batch.items():
            golden.put(f"batch.{i}.{name}", value)
    return batches


def train_steps(golden: Golden, title: str, case: str, named: list, stage: Config, loss_of) -> None:
    """STEPS steps on loss_of(step); stores the loss, gradient norm and learning rate of each."""
    optimiser = make_optimiser(named, stage.weight_decay, (stage.beta1, stage.beta2))
    report: dict[str, list[float]] = {k: [] for k in ("loss", "gradient_norm", "learning_rate")}
    for step in range(STEPS):
        loss = loss_of(step)
        lr = rate(step, stage.learning_rate, stage.warmup_steps, stage.steps, stage.final_rate)
        report["gradient_norm"].append(optimiser_step(optimiser, loss, lr, stage.clip_norm))
        report["loss"].append(loss.item())
        report["learning_rate"].append(lr)
    print_report(title, report)
    for name in ("loss", "gradient_norm", "learning_rate"):
        golden.put(f"{case}.steps.{name}", report[name])


def prior_loss(model: Model, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    h = model.body(batch["pose"])
    memory = model.content(batch["notes"], h) if hasattr(model, "content") else None
    return cross_entropy(model.prior(batch["codes"], h, memory, batch["notes_present"]), batch["codes"])


def trained_with_prior(model: Model) -> list:
    return [(n, p) for n, p in model.named_parameters() if not n.startswith("vqvae.")]


def train_vqvae_golden() -> Golden:
    source = Source(24)
    model, c = small_model(1)  # the weights of vqvae.safetensors, without its codes
    golden = Golden("train_vqvae", c, weights="vqvae.safetensors")
    batches = [smooth_spectrogram(source, B) for _ in range(BATCHES)]
    for i, batch in enumerate(batches):
        golden.put(f"batch.{i}.spectrogram", batch)
    s = VQVAE_STAGE
    named = [(n, p) for n, p in model.named_parameters() if n.startswith("vqvae.")]
    optimiser = make_optimiser(named, s.weight_decay, (s.beta1, s.beta2))
    quantizer = model.vqvae.quantizer
    report: dict[str, list[float]] = {
        k: [] for k in ("loss", "reconstruction", "commitment", "gradient_norm", "learning_rate")
    }
    for step in range(STEPS):
        if step == PLAIN_STEPS:
            start_codes_near(model, batches[0], source)
            quantizer.start(
                quantizer.codes.clone(), (1 + source.integers(20, c.codes)).double(), B * T
            )
            for name in ("codes", "counts", "sums"):
                value = getattr(quantizer, name)
                value.copy_(value.float())
                golden.put(f"start.{name}", value)
        out = model.vqvae(batches[step % BATCHES], quantise=step >= PLAIN_STEPS)
        lr = rate(step, s.learning_rate, s.warmup_steps, s.steps, s.final_rate)
        norm = optimiser_step(optimiser, out["loss"], lr, s.clip_norm)
        if step >= PLAIN_STEPS:
            vectors = out["encoded"].detach().transpose(1, 2).reshape(-1, c.code_width)
            assert_clear(quantizer, vectors)
            quantizer.update(vectors, out["codes"].reshape(-1))
            golden.put(f"step.{step}.codes", out["codes"])
        report["loss"].append(out["loss"].item())
        report["reconstruction"].append(out["reconstruction_loss"].item())
        report["commitment"].append(out["commitment_loss"].item() if "commitment_loss" in out else 0.0)
        report["gradient_norm"].append(norm)
        report["learning_rate"].append(lr)
    print_report("train_vqvae", report)
    for name, values in report.items():
        golden.put(f"steps.{name}", values)
    golden.put_weights(model, prefix="final.", only="vqvae.")
    golden.put("final.vqvae.quantizer.counts", quantizer.counts)
    golden.put("final.vqvae.quantizer.sums", quantizer.sums)
    return golden


def train_prior_golden() -> Golden:
    """The prior with the body encoder: alone, and with the content transformer in both alignments."""
    source = Source(22)
    golden = Golden("train_prior", SMALL, weights="body.safetensors content.safetensors prior.safetensors")
    batches = prior_batches(golden, source, SMALL)
    start = small_model(5, alignment="both")[0].state_dict()
    start |= {k: v for k, v in small_model(3)[0].state_dict().items() if k.startswith("body.")}
    start |= {k: v for k, v in small_model(4)[0].state_dict().items() if k.startswith("content.")}
    for case, changes, stored in (
        ("bare", dict(content_enabled=False), ("prior.blocks.0.", "prior.start")),
        ("added", dict(alignment="added"), ("content.fc", "prior.embedding")),
        ("cross", dict(alignment="cross_attention"), ("content.blocks.", "body.", "prior.")),
    ):
        c = dataclasses.replace(SMALL, **changes)
        model = Model(c).double()
        model.load_state_dict({k: start[k] for k in model.state_dict()})
        train_steps(golden, f"train_prior, {case}", case, trained_with_prior(model), PRIOR_STAGE,
                    lambda step, model=model: prior_loss(model, batches[step % BATCHES]))
        for name, tensor in model.state_dict().items():
            if name.startswith(stored):
                golden.put(f"{case}.final.{name}", tensor)
        golden.metadata[f"config.{case}"] = yaml_text(c)
    return golden


def print_report(title: str, report: dict[str, list[float]]) -> None:
    print(title)
    for name, values in report.items():
        print(f"  {name:15}", " ".join(f"{v:.4f}" for v in values))


def write(makers, check: bool) -> int:
    """Writes or compares the goldens that `makers` make."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = HERE / "golden"
    found: list[str] = []
    total = 0
    for make in makers:
        golden = make()
        path = folder / f"{golden.name}.safetensors"
        if check:
            found += differences(golden, path)
            continue
        folder.mkdir(exist_ok=True)
        save_file(golden.tensors, path, golden.metadata)
        total += path.stat().st_size
        print(f"{path.relative_to(HERE)}: {path.stat().st_size} bytes, {len(golden.tensors)} tensors")
    for line in found:
        print(line, file=sys.stderr)
    if not check:
        print(f"{total} bytes in all")
    return 1 if found else 0


def differences(golden: Golden, path: pathlib.Path) -> list[str]:
    stored, metadata = read_with_metadata(path)
    found = [] if metadata == golden.metadata else [f"{path.name}: metadata"]
    for name in sorted(stored.keys() | golden.tensors.keys()):
        ours, theirs = golden.tensors.get(name), stored.get(name)
        if ours is None or theirs is None or ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            found.append(f"{path.name}: {name} is missing or has another shape")
        elif not torch.allclose(ours.double(), theirs.double(), rtol=1e-5, atol=1e-7):
            found.append(f"{path.name}: {name}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with golden/, write nothing")
    makers = (
        vqvae_golden,
        quantizer_golden,
        body_golden,
        content_golden,
        prior_golden,
        train_vqvae_golden,
        train_prior_golden,
    )
    return write(makers, parser.parse_args().check)


if __name__ == "__main__":
    sys.exit(main())
