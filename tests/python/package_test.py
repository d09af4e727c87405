#!/usr/bin/env python3
"""The Python package against the programs: the same codes and sound from the same seed, and the files it reads.

Usage: package_test.py MI_GENERATE MI_PREPARE MI_TRAIN MI_EVAL [unittest arguments]

Needs a Python with numpy, safetensors, torch and sympy, which torch.optim imports: this one, or else .venv's, with
stubs from without_cuda.py for CUDA's libraries if necessary. Skipped if there is none.
"""

import ctypes
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "cli"), str(HERE.parent.parent / "python")]
import support  # noqa: E402

MODELS = support.SOURCE / "models"
INSIDE = "MINET_PACKAGE_TEST"  # set once this script has restarted itself in another Python
NEEDED = ("numpy", "safetensors", "sympy", "torch", "typing_extensions")


def has(*modules):
    return all(importlib.util.find_spec(module) for module in modules)


def start_in_the_right_python():
    """Restarts in .venv's Python, with stubs for the libraries that its torch lacks."""
    python = support.SOURCE / ".venv/bin/python"
    if os.environ.get(INSIDE) or has(*NEEDED) or not python.exists():
        return
    environment = os.environ | {INSIDE: "1"}
    found = list((support.SOURCE / ".venv").glob("lib/python3*/site-packages/torch"))
    with tempfile.TemporaryDirectory(prefix="minet-stubs-") as stubs:
        if found and not (found[0].parent / "nvidia/cudnn").exists():
            subprocess.run([sys.executable, HERE / "without_cuda.py", found[0], stubs], check=True)
            environment["LD_LIBRARY_PATH"] = stubs
        sys.exit(subprocess.run([python, *sys.argv], env=environment, check=False).returncode)


def signal_to_noise(sound, other):
    """In dB. Sample by sample, because the phases themselves must match the program's: spectral convergence ignores
    them. Each round of phase reconstruction amplifies rounding errors, so the sounds are not equal.
    """
    import numpy as np

    return 10 * np.log10((sound**2).sum() / max(1e-20, ((sound - other) ** 2).sum()))


@unittest.skipUnless(has(*NEEDED), "no Python with " + ", ".join(NEEDED))
class Package(support.Case):
    @classmethod
    def setUpClass(cls):
        import torch

        import minet

        torch.set_num_threads(1)
        cls.minet, cls.torch = minet, torch
        cls.place = cls.class_folder()
        cls.corpus_folder = cls.small_corpus(cls.place)
        cls.corpus = minet.read_corpus(cls.corpus_folder)
        cls.track = next(track for track in cls.corpus.tracks if track.has_notes)
        cls.models = {name: minet.load(MODELS / name) for name in ("plus", "paper")}

    def folder_of(self, name):
        return MODELS / name if name in ("plus", "paper") else self.place / name

    def train(self, name, config, *settings):
        """A run of a few steps, then given random weights with which every part after the VQ-VAE has an effect."""
        run = self.folder_of(name)
        command = [self.mi_train, "-q", support.SOURCE / "configs" / config, "--corpus", self.corpus_folder]
        command += ["--run", run, "--threads", "1", *support.QUICK_TRAINING]
        command += [word for setting in settings for word in ("--set", setting)]
        subprocess.run(command, check=True, timeout=300)
        self.draw_weights(run / "model.safetensors")
        return run

    def draw_weights(self, file):
        import safetensors.torch

        with safetensors.safe_open(file, framework="pt") as opened:
            metadata = opened.metadata()
        del metadata["sha256"]  # that of the trained weights
        tensors = safetensors.torch.load_file(file)
        drawing = self.torch.Generator().manual_seed(1)
        for name, tensor in tensors.items():
            kept = name.startswith("vqvae.") or name.endswith("edges")
            if tensor.is_floating_point() and tensor.dim() > 1 and not kept:
                drawn = self.torch.randn(tensor.shape, generator=drawing) * 1.5 / tensor[0].numel() ** 0.5
                tensors[name] = drawn.to(tensor.dtype)
        safetensors.torch.save_file(tensors, file, metadata=metadata)

    def play(self, name, *arguments):
        """The sidecar and the sound of mi_generate."""
        out = self.folder / f"{name}.wav"
        self.assert_works(
            "--quiet",
            "--model",
            self.folder_of(name),
            "--pose",
            self.track.folder / "pose.npy",
            "-o",
            out,
            "--force",
            "--threads",
            1,
            "--seed",
            5,
            *arguments,
        )
        return self.minet.read_sidecar(out.with_suffix(".json")), self.minet.read_sound(out)[0]

    def compare(self, name, arguments=(), notes=None, **options):
        sidecar, sound = self.play(name, *arguments)
        model = self.models.get(name) or self.minet.load(self.folder_of(name))
        played = self.minet.generate(model, self.track.pose(), notes, seed=5, **options)
        self.assertEqual(sidecar["codes"].tolist(), played.codes.tolist())
        self.assertEqual(sound.shape, played.sound.shape)
        if name == "plus":
            self.assertLess(abs(sound - played.sound).max(), 4e-5)  # the error of 16 bits
        else:
            over_difference = signal_to_noise(sound, played.sound)
            print(f"{name} {' '.join(map(str, arguments[::2]))}: {over_difference:.0f} dB")
            self.assertGreater(over_difference, 30)
        return sidecar, played

    def test_the_same_from_keypoints(self):
        for name in self.models:
            with self.subTest(name):
                self.compare(name)

    def test_the_same_with_notes(self):
        for name in self.models:
            with self.subTest(name):
                self.compare(name, ("--notes", self.track.folder / "notes.csv"), self.track.notes())

    def test_the_same_with_several_voices(self):
        """Chords, overlaps, a note before the start and one inside another, as in a corpus with double stops."""
        notes = [(0.5, 1, 60), (0.5, 1.5, 67), (1.2, 2, 62), (1.4, 0.3, 71), (3, 0.5, 64), (3, 2, 64)]
        notes += [(-0.4, 0.6, 55), (-0.1, 0.2, 50)]
        table = self.folder / "several.csv"
        table.write_text("onset_s,duration_s,pitch\n" + "".join(f"{on},{of},{pitch}\n" for on, of, pitch in notes))
        for name in self.models:
            with self.subTest(name):
                self.compare(name, ("--notes", table, "--seconds", 6), notes, seconds=6)

    def test_the_same_with_options(self):
        self.compare("plus", ("--temperature", 0.7, "--top-k", 5, "--seconds", 3), temperature=0.7, top_k=5, seconds=3)
        self.compare("paper", ("--top-p", 0.8, "--seconds", 5, "--iterations", 3), top_p=0.8, seconds=5, iterations=3)
        # This is nearly silent: with 16 bits or 16 rounds, rounding errors would be all of the difference.
        quiet = ("--temperature", 0, "--seconds", 2, "--iterations", 1, "--bits", 24)
        self.compare("paper", quiet, temperature=0, seconds=2, iterations=1)

    def test_the_same_at_another_frame_rate(self):
        import numpy as np

        pose = self.folder / "pose.npy"
        np.save(pose, self.track.pose().joints[:150])
        for fps in (60, 29.97, 15):
            out = self.folder / "fps.wav"
            how = ("--seed", 5, "--threads", 1, "--force")
            self.assert_works("-q", "--model", MODELS / "plus", "--pose", pose, "--fps", fps, "-o", out, *how)
            played = self.minet.generate(self.models["plus"], self.minet.read_pose(pose, fps), seed=5)
            sidecar = self.minet.read_sidecar(out.with_suffix(".json"))
            self.assertEqual(sidecar["codes"].tolist(), played.codes.tolist(), fps)

    def test_phases(self):
        """The seed matters; silence and a single frame work too; anything but a spectrogram is refused."""
        import numpy as np

        from minet.phases import invert

        shape = self.models["paper"].config.spectrogram
        wanted = 0.1 * np.sin(2 * np.pi * 440 / 16000 * np.arange(16000))
        magnitudes = self.models["paper"].to_magnitudes(self.models["paper"].spectrogram(wanted))[0].T.numpy()
        audible = magnitudes + 1e-6 * magnitudes.max()  # the seed decides the phases of quiet bins
        sound, again, other = (invert(audible, shape, seed) for seed in (1, 1, 2))
        self.assertTrue((sound == again).all())
        self.assertFalse((sound == other).all())
        self.assertEqual(0, abs(invert(np.zeros((5, shape.bins)), shape)).max())
        self.assertTrue(np.isfinite(invert(magnitudes[:1], shape)).all())
        for wrong in (magnitudes[:, :-1], -magnitudes, magnitudes[:0]):
            with self.assertRaisesRegex(ValueError, "magnitudes"):
                invert(wrong, shape)

    def test_another_seed_is_another_performance(self):
        played = [
            self.minet.generate(self.models["plus"], self.track.pose(), seed=seed, seconds=2).codes.tolist()
            for seed in (5, 6)
        ]
        self.assertNotEqual(*played)

    def test_logits_agree_with_steps(self):
        """The whole sequence in one call and step by step, with notes, longer than the context."""
        import numpy as np

        torch, model = self.torch, self.models["paper"]
        torch.manual_seed(1)
        codes, notes = torch.randint(0, 1024, (1, 300)), torch.randint(0, 129, (1, 300))
        pose = torch.randn(1, model.config.clip_pose_frames, 94)
        body = model.body(pose)
        whole = model(codes, pose, notes)[0]
        steps = model.prior.steps(body[:, None].expand(-1, 300, -1), model.content(notes, body))
        rows = [next(steps)] + [steps.send(codes[:, t]) for t in range(299)]
        self.assertLess(float(np.abs((torch.cat(rows) - whole).numpy()).max()), 1e-3)

    def test_a_run(self):
        run = self.train("run", "tiny.yaml", "generation.temperature=0.3")
        self.assertEqual(32, self.minet.load(run).config.vqvae.channels)
        rows = self.minet.read_metrics(run, as_rows=True)
        self.assertTrue(any("loss" in row for row in rows))
        self.notebook(run)
        # All sampling settings come from a config.yaml beside the weights, also those that it leaves out.
        (run / "config.yaml").write_text("generation:\n  top_k: 7\n")
        self.compare("run", ("--seconds", 2, "--iterations", 1, "--bits", 24), seconds=2, iterations=1)
        (run / "config.yaml").write_text("generation: {top_k: 7}\n")
        with self.assertRaisesRegex(ValueError, "line 1: expected keys below 'generation'"):
            self.minet.load(run)

    def notebook(self, run):
        """Runs every cell of the notebook, with the corpus and the run of the test."""
        cells = json.loads((support.SOURCE / "python/minet.ipynb").read_text())["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        self.assertIn("corpus_folder", sources[0])
        if not has("pandas"):
            sources[-1] = sources[-1].replace("(run)", "(run, as_rows=True)").replace(".tail(3)", "[-3:]")
        names = {"models": str(MODELS), "corpus_folder": str(self.corpus_folder), "run": str(run)}
        for source in sources[1:]:
            exec(compile(source, "minet.ipynb", "exec"), names)

    def test_the_gru_ablation(self):
        """Codes with and without notes, longer than the context; whole sequences and steps agree."""
        self.train("gru", "ablations/tiny-gru_seq2seq.yaml")
        # After 16 rounds the sound of an untrained decoder would be hardly reproducible.
        once = ("--iterations", 1, "--bits", 24)
        _, alone = self.compare("gru", once, iterations=1)
        with_notes = ("--notes", self.track.folder / "notes.csv", *once)
        _, asked = self.compare("gru", with_notes, self.track.notes(), iterations=1)
        self.assertNotEqual(alone.codes.tolist(), asked.codes.tolist())
        torch, model = self.torch, self.minet.load(self.folder_of("gru"))
        self.assertGreater(len(asked.codes), model.config.prior.context)
        codes, notes = torch.from_numpy(asked.codes)[None], torch.randint(0, 129, (1, len(asked.codes)))
        pose = torch.randn(1, model.config.clip_pose_frames, 94)
        body = model.body(pose)
        steps = model.prior.steps(body[:, None].expand(-1, len(asked.codes), -1), model.content(notes, body))
        rows = [next(steps)] + [steps.send(codes[:, t]) for t in range(codes.shape[1] - 1)]
        self.assertLess(float((torch.cat(rows) - model(codes, pose, notes)[0]).abs().max()), 1e-4)

    def test_the_baselines(self):
        """The same sound as `mi_eval examples`; teacher forcing on its own output gives that output."""
        small = {
            "seq2seq": ["seq2seq.hidden=24", "seq2seq.layers=2"],
            "graph_transformer": ["graph_transformer.blocks=[4, 4, 8]", "graph_transformer.width=32"],
        }
        for kind, settings in small.items():
            with self.subTest(kind):
                run = self.train(kind, f"baselines/tiny-{kind}.yaml", *settings)
                out = self.folder / kind
                track = ("--corpus", self.corpus_folder, "--track", self.track.id, "--seconds", 6)
                how = ("--seed", 5, "--iterations", 1, "--threads", 1)
                self.assert_works(
                    "-q", "examples", "--model", run, *track, *how, "--out", out, program=self.mi_eval
                )
                (file,) = [path for path in (out / "sound").iterdir() if kind in path.name]
                sound, model = self.minet.read_sound(file)[0], self.minet.load(run)
                seed = self.minet.derive_seed(5, "examples")
                played = self.minet.generate(model, self.track.pose(), seed=seed, seconds=6, iterations=1)
                self.assertIsNone(played.codes)
                self.assertEqual(sound.shape, played.sound.shape)
                over_difference = signal_to_noise(sound, played.sound)
                print(f"{kind}: {over_difference:.0f} dB")
                self.assertGreater(over_difference, 20)
                pose = self.torch.randn(2, model.config.clip_pose_frames, 94)
                frames = model.generate(pose, 40)
                self.assertLess(float((model(pose, frames) - frames).abs().max()), 1e-4)
                for wrong in ({"notes": []}, {"temperature": 0.5}):
                    with self.assertRaisesRegex(ValueError, "keypoints alone"):
                        self.minet.generate(model, self.track.pose(), **wrong)

    def test_what_it_refuses(self):
        import numpy as np

        bad, pose = self.folder / "bad.npy", self.track.pose()
        for shape in ((5, 18, 3), (0, 47, 3)):
            support.write_npy(bad, shape)
            with self.assertRaisesRegex(ValueError, "expected keypoints"):
                self.minet.read_pose(bad)
        for absent in (0, np.nan, 2e6):
            joints = pose.joints.copy()
            joints[3:5, 7, :2] = absent
            np.save(bad, joints)
            with self.assertRaisesRegex(ValueError, "got 2 of .* that are absent"):
                self.minet.read_pose(bad)
        for note in ((0, 1, 128), (0, 1, -1), (0, 1, 60.5), (0, float("nan"), 60)):
            with self.assertRaisesRegex(ValueError, "a pitch of 0 to 127"):
                self.minet.generate(self.models["plus"], pose, [note])
        for seconds in (0, -1, float("nan")):
            with self.assertRaisesRegex(ValueError, "more than 0 and at most 14400 seconds"):
                self.minet.generate(self.models["plus"], pose, seconds=seconds)
        with self.assertRaisesRegex(FileNotFoundError, "expected a run"):
            self.minet.load(self.folder)
        damaged = self.folder / "damaged.safetensors"
        saved = bytearray((MODELS / "plus/model.safetensors").read_bytes())
        saved[-1000] ^= 1
        damaged.write_bytes(saved)
        with self.assertRaisesRegex(ValueError, "the file is damaged"):
            self.minet.load(damaged)
        with self.assertRaisesRegex(ValueError, "temperature"):
            self.minet.generate(self.models["plus"], self.track.pose(), temperature=-1)

    def test_version(self):
        """The package's version, in both places, is that of the programs."""
        self.assertIn(self.minet.__version__, self.run_program("--version").stdout.split())
        project = (support.SOURCE / "python/pyproject.toml").read_text()
        self.assertIn(f'version = "{self.minet.__version__}"', project)

    def test_corpus(self):
        self.assertEqual(16000, self.corpus.sample_rate)
        self.assertAlmostEqual(self.track.seconds, len(self.track.sound()) / 16000, delta=0.05)
        self.assertAlmostEqual(self.track.seconds, self.track.pose().seconds, delta=0.05)

    def test_finetuning_changes_the_body_encoder_only(self):
        import safetensors.torch

        from minet.finetune_body import finetune, options_of

        out, corpus = self.folder / "finetuned", self.corpus_folder
        corpora = ["--known", corpus, "--stage", corpus, "--other", corpus, "--out", out]
        finetune(options_of(list(map(str, ["--model", MODELS / "plus", "--steps", 2, *corpora]))))
        self.minet.load(out)  # checks the hash
        before, after = (
            safetensors.torch.load_file(folder / "model.safetensors") for folder in (MODELS / "plus", out)
        )
        for name, tensor in before.items():
            self.assertEqual(name.startswith("body."), bool((tensor != after[name]).any()), name)

    def test_the_library_for_cuda_graphs_finds_what_it_needs_in_torch(self):
        library = pathlib.Path(self.mi_train).with_name("libminet_cuda_graph.so")
        if not library.exists() or not hasattr(self.torch._C, "_CUDAGraph"):
            self.skipTest("a torch without CUDA")
        self.assertTrue(ctypes.CDLL(library).minet_cuda_graph)  # calling it needs a GPU

    @unittest.skipUnless(has("onnx", "onnxruntime"), "no onnx and onnxruntime")
    def test_onnx(self):
        import numpy as np
        import onnxruntime

        import minet.onnx

        for name, model in self.models.items():
            folder = self.folder / name
            minet.onnx.export(model, folder)
            for part, (function, inputs, _) in minet.onnx.parts_of(model).items():
                # A batch size and a length different from those traced.
                some = {
                    key: value if key == "body" else value[:, :, :40] if key == "spectrogram" else value[:, :40]
                    for key, value in inputs.items()
                }
                some = {key: value[:1] for key, value in some.items()}
                with self.torch.no_grad():
                    wanted = function(*some.values())
                session = onnxruntime.InferenceSession(str(folder / f"{part}.onnx"), providers=["CPUExecutionProvider"])
                got = session.run(None, {key: value.numpy() for key, value in some.items()})
                for a, b in zip(wanted if isinstance(wanted, tuple) else (wanted,), got):
                    a = a.numpy()
                    self.assertEqual(a.shape, b.shape)
                    worst = np.abs(a - b).max() / max(1e-9, np.abs(a).max())
                    print(f"{name} {part}: {worst:.1e}")
                    self.assertLess(worst, 1e-4)


if __name__ == "__main__":
    start_in_the_right_python()
    support.main(["mi_generate", "mi_prepare", "mi_train", "mi_eval"], __doc__)
