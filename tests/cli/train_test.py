#!/usr/bin/env python3
"""mi_train, mi_generate and mi_eval as programs: resuming after a kill, no use of labels, reproducibility, bad input.

Usage: train_test.py MI_TRAIN MI_GENERATE MI_EVAL MI_PREPARE [unittest arguments]
"""
import array
import csv
import hashlib
import json
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import time

import support
from support import JOINTS, SOURCE, write_npy

# A model that trains in seconds: four tracks of 8 s in clips of 1 s, 4 per batch: an epoch has 8 steps.
SMALL = {
    "spectrogram.n_fft": 1024, "spectrogram.bins": 512, "data.clip_seconds": 1,
    "vqvae.channels": 16, "vqvae.bands": "[4, 2, 2, 1]", "vqvae.codes": 32, "vqvae.plain_steps": 4,
    "vqvae.kmeans_vectors": 300, "vqvae.revive_every": 3, "vqvae_training.steps": 20,
    "vqvae_training.batch": 4, "vqvae_training.warmup_steps": 2, "prior_training.steps": 12,
    "prior_training.batch": 4, "prior_training.warmup_steps": 2, "run.log_every": 1,
    "run.evaluate_every": 1, "run.evaluate_clips": 2,
}


def settings(**changes):
    values = SMALL | {key.replace("__", "."): value for key, value in changes.items()}
    return [argument for key, value in values.items() for argument in ("--set", f"{key}={value}")]


def read_rows(table):
    with table.open() as file:
        return list(csv.DictReader(file))


def write_rows(table, rows):
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_safetensors(path):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + length]), bytearray(data[8 + length:])


def write_safetensors(path, header, data):
    header["__metadata__"]["sha256"] = hashlib.sha256(data).hexdigest()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def weights(run, name):
    """The values of a tensor of a run's model."""
    header, data = read_safetensors(run / "model.safetensors")
    begin, end = header[name]["data_offsets"]
    return array.array("f", bytes(data[begin:end]))


def read_events(folder):
    """TensorBoard's event files: {tag: [(step, bytes of the value)]}, in the order of writing."""
    def fields(data):
        at = 0

        def varint():
            nonlocal at
            value = shift = 0
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return value
        while at < len(data):
            key = varint()
            kind = key & 7
            size = varint() if kind == 2 else 8 if kind == 1 else 4
            if kind == 0:
                yield key >> 3, varint()
            else:
                yield key >> 3, data[at:at + size]
                at += size

    found = {}
    for path in sorted(folder.glob("events*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            size, = struct.unpack_from("<Q", data, at)
            event = list(fields(data[at + 12:at + 12 + size]))
            at += size + 16
            step = next((value for key, value in event if key == 2), 0)
            for summary in (value for key, value in event if key == 5):
                for _, value in fields(summary):
                    parts = list(fields(value))
                    tag = next(bytes(part).decode() for key, part in parts if key == 1)
                    found.setdefault(tag, []).append((step, [part for key, part in parts if key != 1]))
    return found


class Case(support.Case):
    """The corpus is prepared once for all tests."""

    @classmethod
    def setUpClass(cls):
        shared = cls.class_folder()
        cls.corpus = shared / "corpus"
        cls.config = SOURCE / "configs/tiny.yaml"
        players = shared / "players"
        subprocess.run([cls.mi_prepare, "-q", "orchestra", "--out", players, "--tracks", "5", "--seconds", "8",
                        "--sound", "additive"], check=True)
        table = players / "tracks.csv"
        rows = read_rows(table)
        for i, row in enumerate(rows):
            row["split"] = "test" if i == 4 else "train"
            row["group"] = f"player {i}"  # as parts of one piece they would have to stay together
        write_rows(table, rows)
        subprocess.run([cls.mi_prepare, "-q", "folder", "--table", table, "--out", cls.corpus], check=True)

    def arguments(self, run, *more, corpus=None, **changes):
        return [self.mi_train, str(self.config), "--corpus", str(corpus or self.corpus), "--run", str(run),
                "--threads", "1", "--quiet", *settings(**changes), *more]

    def train(self, run, *more, **changes):
        result = subprocess.run(self.arguments(run, *more, **changes), stderr=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual(result.returncode, 0, result.stderr)
        return self.hashes(run)

    def resume(self, run, *more, **changes):
        """Resumes from the run's folder alone; `changes` are the settings to change."""
        sets = [word for key, value in changes.items() for word in ("--set", f"{key.replace('__', '.')}={value}")]
        result = subprocess.run([self.mi_train, "--resume", str(run), *sets, *more], stderr=subprocess.PIPE, text=True,
                                timeout=300)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.said = result.stderr
        return self.hashes(run)

    def metrics(self, run):
        """metrics.jsonl without the timings, which differ between runs."""
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        self.assertTrue(all(line["seconds"] >= 0 for line in lines))
        self.assertTrue(any(line.get("steps_per_second", 0) > 0 for line in lines))
        return [{key: value for key, value in line.items() if key not in ("seconds", "steps_per_second")}
                for line in lines]

    def without_notes(self):
        """A copy of the corpus whose training tracks have no notes."""
        corpus = self.folder / "corpus"
        shutil.copytree(self.corpus, corpus)
        rows = read_rows(corpus / "tracks.csv")
        for row in rows:
            if row["split"] == "train":
                row["notes"] = "0"
        write_rows(corpus / "tracks.csv", rows)
        return corpus

    def hashes(self, run):
        return {name: hashlib.sha256((run / name).read_bytes()).hexdigest()
                for name in ("model.safetensors", "checkpoint.safetensors")}

    def stop_at(self, run, stage, step, how, *more, resumed=False, **changes):
        """Starts or resumes a run, and sends it the signal `how` once its log shows the step."""
        arguments = self.arguments(run, *more, **changes)
        if resumed:
            sets = [word for key, value in changes.items() for word in ("--set", f"{key.replace('__', '.')}={value}")]
            arguments = [self.mi_train, "--resume", str(run), "--quiet", *sets]
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        log = run / "metrics.jsonl"
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if log.exists():
                lines = [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
                if any(line["stage"] == stage and line["step"] >= step for line in lines):
                    break
            time.sleep(0.002)
        self.assertIsNone(process.poll(), "the run ended before it could be stopped")
        process.send_signal(how)
        error = process.communicate()[1]
        return process.returncode, error


class Resume(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.whole = cls.class_folder() / "run"
        subprocess.run(cls.arguments(cls, cls.whole), check=True)

    def expected(self):
        return self.hashes(self.whole)

    def check_kill(self, stage, step, save_every):
        run = self.folder / "run"
        code, _ = self.stop_at(run, stage, step, signal.SIGKILL, run__save_every=save_every)
        self.assertEqual(code, -signal.SIGKILL)
        self.assertNotEqual(self.hashes(run), self.expected())
        self.assertEqual(self.resume(run, run__save_every=200), self.expected())  # as in the reference run
        self.assertEqual(self.metrics(run), self.metrics(self.whole))

    def test_killed_before_the_codebook_starts(self):
        self.check_kill("vqvae", 3, 2)

    def test_killed_in_mid_epoch(self):
        self.check_kill("vqvae", 6, 5)

    def test_killed_at_an_epoch_edge(self):
        self.check_kill("vqvae", 9, 8)

    def test_killed_in_the_second_epoch(self):
        self.check_kill("vqvae", 14, 13)

    def test_killed_between_the_stages(self):
        self.check_kill("prior", 1, 20)

    def test_killed_in_the_prior(self):
        self.check_kill("prior", 6, 5)

    def test_killed_with_varied_poses(self):
        varied = {"augment__build": 0.1, "augment__turn": 0.1, "augment__mirror": 0.3, "augment__gaps": 0.5}
        whole = self.folder / "whole"
        expected = self.train(whole, **varied)
        self.assertNotEqual(expected["model.safetensors"], self.expected()["model.safetensors"])
        run = self.folder / "run"
        self.stop_at(run, "prior", 6, signal.SIGKILL, run__save_every=5, **varied)
        # Sampling settings are not part of the training.
        self.resume(run, generation__temperature=0.7)
        self.assertEqual(self.metrics(run), self.metrics(whole))
        self.assertEqual(read_safetensors(run / "model.safetensors")[1],
                         read_safetensors(whole / "model.safetensors")[1])
        self.assertIn("temperature: 0.7", (run / "config.yaml").read_text())

    def test_resumed_twice_and_from_the_older_checkpoint(self):
        run = self.folder / "run"
        self.stop_at(run, "vqvae", 8, signal.SIGKILL, run__save_every=3)
        (run / "checkpoint.safetensors").write_bytes(b"torn")
        self.stop_at(run, "prior", 4, signal.SIGKILL, resumed=True, run__save_every=2)
        self.assertEqual(self.resume(run, run__save_every=200), self.expected())

    def test_a_stop_signal_saves_and_says_how_to_go_on(self):
        run = self.folder / "run"
        code, error = self.stop_at(run, "vqvae", 7, signal.SIGTERM)
        self.assertEqual(code, -signal.SIGTERM)
        self.assertRegex(error, rf"stopped at step \d+ of stage vqvae; continue with: mi_train --resume {run}")
        self.assertEqual(self.resume(run), self.expected())

    def test_a_stop_in_the_only_requested_stage_names_it(self):
        run = self.folder / "run"
        error = self.stop_at(run, "vqvae", 7, signal.SIGTERM, "--stage", "vqvae")[1]
        self.assertIn(f"continue with: mi_train --resume {run} --stage vqvae", error)

    def test_a_lost_optimiser_state_changes_the_result(self):
        """The comparison can fail: without Adam's means, the same steps give a different result."""
        run = self.folder / "run"
        self.stop_at(run, "vqvae", 14, signal.SIGKILL, run__save_every=13)
        path = run / "checkpoint.safetensors"
        header, data = read_safetensors(path)
        for name, entry in header.items():
            if name.startswith("optimizer.vqvae.") and name.endswith(".mean"):
                begin, end = entry["data_offsets"]
                data[begin:end] = bytes(end - begin)
        write_safetensors(path, header, data)
        self.assertNotEqual(self.resume(run)["model.safetensors"], self.expected()["model.safetensors"])

    def test_stages_one_by_one_give_the_same(self):
        run = self.folder / "run"
        self.train(run, "--stage", "vqvae")
        self.assertEqual(self.resume(run, "--stage", "prior"), self.expected())

    def test_another_prior_on_the_same_vqvae(self):
        run = self.folder / "run"
        self.train(run, "--stage", "vqvae")
        self.resume(run, prior__head="tied", prior_training__steps=5)
        self.assertIn("head: tied", (run / "config.yaml").read_text())
        weights = [read_safetensors(folder / "model.safetensors") for folder in (run, self.whole)]
        self.assertIn("prior.to_code.weight", weights[0][0])
        name = "vqvae.decoder.head.weight"
        begin_end = [header[name]["data_offsets"] for header, _ in weights]
        found, expected = [data[begin:end] for (begin, end), (_, data) in zip(begin_end, weights)]
        self.assertEqual(found, expected)

    def test_a_finished_run_says_so_and_takes_more_steps(self):
        run = self.folder / "run"
        shutil.copytree(self.whole, run)
        self.assertEqual(self.resume(run), self.expected())
        self.assertIn("this run is finished: all 12 steps", self.said)
        self.assertIn(f"next: mi_generate --model {run} --pose", self.said)
        self.assertNotEqual(self.resume(run, prior_training__steps=14, run__cuda_graphs="true"), self.expected())
        self.assertIn("run.cuda_graphs has no effect on a CPU", self.said)
        self.assertEqual(max(line["step"] for line in self.metrics(run) if line["stage"] == "prior"), 14)

    def test_a_new_run_from_anothers_weights(self):
        vqvae, prior = "vqvae.decoder.head.weight", "prior.blocks.0.up.weight"
        tuned, kept, other = (self.folder / name for name in ("tuned", "kept", "other"))
        start = ("--init-from", self.whole)
        self.train(tuned, *start, vqvae__plain_steps=0, vqvae_training__steps=2)
        self.assertNotEqual(weights(tuned, vqvae), weights(self.whole, vqvae))
        self.train(kept, *start, "--freeze", "vqvae", prior_training__steps=2, prior_training__learning_rate=1e-9)
        self.assertEqual(weights(kept, vqvae), weights(self.whole, vqvae))
        self.assertEqual({line["stage"] for line in self.metrics(kept)}, {"prior"})
        near, far = (max(abs(a - b) for a, b in zip(weights(run, prior), weights(self.whole, prior)))
                     for run in (kept, tuned))
        self.assertLess(near, 1e-6)  # the prior was taken over too
        self.assertGreater(far, 1e-4)
        self.assertEqual(self.resume(kept), self.hashes(kept))  # the run has recorded its starting point

        loud = [word for word in self.arguments(other, *start, "--freeze", "vqvae", prior__layers=1) if word != "--quiet"]
        said = self.assert_works(*loud[1:]).stderr
        self.assertIn("the VQ-VAE; the rest starts from random weights, as prior.blocks.1", said)  # new prior, same VQ-VAE
        self.assertEqual(weights(other, vqvae), weights(self.whole, vqvae))

    def test_an_adopted_prior_survives_a_stop_in_the_first_stage(self):
        whole, halves, other = (self.folder / name for name in ("whole", "halves", "other"))
        start, changes = ("--init-from", self.whole), {"vqvae__plain_steps": 0, "vqvae_training__steps": 2}
        self.train(whole, *start, **changes)
        self.train(halves, *start, "--stage", "vqvae", **changes)
        shutil.copytree(halves, other)
        self.assertEqual(self.resume(halves), self.hashes(whole))
        self.resume(other, prior__layers=1)
        self.assertIn("the second stage starts from random weights, as prior.blocks.1", self.said)

    def test_a_moved_corpus_is_found_from_then_on(self):
        corpus, run = self.folder / "moved", self.folder / "run"
        shutil.copytree(self.corpus, corpus)
        shutil.copytree(self.whole, run)
        before = json.loads((run / "run.json").read_text())
        self.resume(run, "--corpus", corpus)
        self.assertEqual(json.loads((run / "run.json").read_text()), before | {"corpus": str(corpus)})

    def test_a_single_process_that_slurm_starts_again_resumes(self):
        run = self.folder / "run"
        shutil.copytree(self.whole, run)
        again = os.environ | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0", "SLURM_LOCALID": "0",
                              "SLURM_RESTART_COUNT": "1"}
        done = subprocess.run(self.arguments(run), env=again, stderr=subprocess.PIPE, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.hashes(run), self.expected())

    def test_what_another_run_cannot_give(self):
        start = ("--init-from", self.whole)
        for more, changes, says in ((start, {"vqvae__channels": 32}, "VQ-VAE of this shape"),
                                    (start, {"spectrogram__n_fft": 2048}, "spectrogram.n_fft"),
                                    (start, {"model__kind": "plus", "plus__sound_frames": 40}, "got one of minet"),
                                    (start, {"model__kind": "seq2seq"}, "--init-from: expected model.kind minet or plus"),
                                    ((*start, "--freeze", "synthesiser"), {}, "--freeze: expected vqvae"),
                                    ((*start, "--freeze", "ear"), {}, "'ear'"),
                                    (("--freeze", "vqvae"), {}, "--init-from"),
                                    ((), {"model__kind": "plus", "plus__sound_frames": 40, "plus__keep_body": "true"},
                                     "plus.keep_body: expected a run to start from"),
                                    (("--init-from", self.folder / "none"), {}, "no such model")):
            self.assertIn(says, self.assert_fails(*self.arguments(self.folder / "no", *more, **changes)[1:]))

    def test_a_model_that_never_saw_notes_refuses_them(self):
        corpus, run = self.without_notes(), self.folder / "run"
        result = subprocess.run([word for word in self.arguments(run, corpus=corpus) if word != "--quiet"],
                                stderr=subprocess.PIPE, text=True, timeout=300, check=True)
        self.assertIn("no training track has notes", result.stderr)
        self.assertNotIn("with notes", result.stderr)
        pose, notes = next(self.corpus.glob("*/pose.npy")), next(self.corpus.glob("*/notes.csv"))
        self.assert_fails("--model", run, "--pose", pose, "--notes", notes, "-o", self.folder / "x.wav",
                          program=self.mi_generate, says=["trained with notes"])

    def test_tensorboard_has_the_axis_of_metrics_and_music_from_the_prior(self):
        events = read_events(self.whole / "tensorboard")
        lines = [json.loads(line) for line in (self.whole / "metrics.jsonl").read_text().splitlines()]
        for key in ("vqvae/loss", "vqvae/test_l2", "prior/loss", "prior/test_nll", "prior/test_nll_notes"):
            stage, name = key.split("/")
            self.assertEqual([step for step, _ in events[key]],
                             [line["total_step"] for line in lines if line["stage"] == stage and name in line], key)
        for key, axis in (("vqvae/original", "vqvae/test_l2"), ("prior/music", "prior/test_nll"),
                          ("prior/music_with_notes", "prior/test_nll")):
            self.assertEqual([step for step, _ in events[key]], [step for step, _ in events[axis]], key)
        sound = bytes(events["prior/music"][-1][1][-1])
        self.assertIn(b"RIFF", sound)  # 1 s, the clip's length: 16-bit samples
        self.assertGreater(len(sound), 31000)

    def test_another_seed_gives_other_weights(self):
        self.assertNotEqual(self.train(self.folder / "run", run__seed=2), self.expected())

    def test_shuffled_instrument_labels_change_nothing(self):
        corpus = self.folder / "corpus"
        shutil.copytree(self.corpus, corpus)
        table = corpus / "tracks.csv"
        rows = read_rows(table)
        labels = [row["instrument"] for row in rows]
        shuffled = labels[1:] + labels[:1]
        self.assertNotEqual(labels, shuffled)
        for row, label in zip(rows, shuffled):
            row["instrument"] = label
        write_rows(table, rows)
        found = self.train(self.folder / "run", corpus=corpus)
        self.assertEqual(found["model.safetensors"], self.expected()["model.safetensors"])

    # The following tests use the finished run.

    def test_the_run_folder_is_complete(self):
        names = {path.name for path in self.whole.iterdir()}
        for name in ("config.yaml", "run.json", "checkpoint.safetensors", "checkpoint.prev.safetensors",
                     "model.safetensors", "metrics.jsonl", "codes", "tensorboard", "log.txt"):
            self.assertIn(name, names)
        again = self.run_program(self.whole / "config.yaml", "--explain")
        self.assertEqual(again.returncode, 0, again.stderr)

    def generate(self, *more, **options):
        pose = next(self.corpus.glob("*/pose.npy"))
        return ["--model", self.whole, "--pose", pose, "--threads", 1, *more]

    def test_generated_sound_repeats_from_its_sidecar(self):
        notes = next(self.corpus.glob("*/notes.csv"))
        for extra in ([], ["--notes", notes]):
            self.assert_works(*self.generate("-o", self.folder / "a.wav", "--seconds", 3, "--seed", 5, "--force", *extra),
                              program=self.mi_generate)
            self.assert_works("--from", self.folder / "a.json", "-o", self.folder / "b.wav", "--force",
                              program=self.mi_generate)
            self.assertEqual(self.stamp("a.wav"), self.stamp("b.wav"))
            self.assert_works(*self.generate("-o", self.folder / "c.wav", "--seconds", 3, "--seed", 6, "--force", *extra),
                              program=self.mi_generate)
            self.assertNotEqual(self.stamp("a.wav"), self.stamp("c.wav"))
            codes = json.loads(self.stamp("a.json"))["codes"]
            self.assertEqual(len(codes), 188)  # 3 s at 62.5 per second, rounded

    def test_flac_24_bits_and_loudness(self):
        for name, bits, target in (("a.flac", 16, None), ("b.flac", 24, None), ("c.wav", 24, -20)):
            more = [] if target is None else ["--loudness", target]
            said = self.assert_works(*self.generate("-o", self.folder / name, "--seconds", 3, "--bits", bits, *more),
                                     program=self.mi_generate).stderr
            self.assertIn("LUFS", said)
        self.assertEqual(self.stamp("a.flac")[:4], b"fLaC")
        self.assertEqual(self.stamp("b.flac")[20] & 1, 1)  # the field holds bits - 1; its fifth bit is set for 24
        self.assertEqual(struct.unpack_from("<H", self.stamp("c.wav"), 34), (24,))  # bits per sample
        self.assert_works("--from", self.folder / "c.json", "-o", self.folder / "d.wav", program=self.mi_generate)
        self.assertEqual(self.stamp("c.wav"), self.stamp("d.wav"))
        self.assert_fails(*self.generate("-o", self.folder / "x.wav", "--bits", 8), program=self.mi_generate,
                          says=["16 or 24"])

    def test_several_pieces_at_once(self):
        self.assert_works(*self.generate("-o", self.folder / "p.wav", "--seconds", 2, "--count", 3),
                          program=self.mi_generate)
        pieces = [self.stamp(f"p-{i}.wav") for i in (1, 2, 3)]
        self.assertEqual(len(set(pieces)), 3)
        self.assert_works(*self.generate("-o", self.folder / "one.wav", "--seconds", 2), program=self.mi_generate)
        self.assertEqual(self.stamp("one.wav"), pieces[0])

    def test_longer_than_a_clip_and_than_the_pose(self):
        result = self.run_program(*self.generate("-o", self.folder / "long.wav", "--seconds", 20), program=self.mi_generate)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("the keypoints end at", result.stderr)
        self.assertAlmostEqual(((self.folder / "long.wav").stat().st_size - 44) / 2 / 16000, 20, delta=0.02)

    def test_bad_input_of_mi_generate(self):
        out = self.folder / "x.wav"
        pose = next(self.corpus.glob("*/pose.npy"))
        fails = lambda *arguments, **more: self.assert_fails(*arguments, program=self.mi_generate, **more)
        fails("--model", self.folder / "none", "--pose", pose, "-o", out, says=["none"])
        fails("--model", self.whole, "--pose", self.folder / "none", "-o", out, says=["none"])
        fails("--model", self.whole, "--pose", pose, "-o", self.folder / "x.mp3", says=[".wav"])
        fails("--model", self.whole, "--pose", pose, "-o", self.folder / "no/x.wav", says=["folder"])
        fails("--model", self.whole, "--pose", pose, "-o", out, "--seconds", 0, says=["--seconds"])
        fails("--model", self.whole, "--pose", pose, "-o", out, "--temperature", -1, says=["--temperature"])
        fails("--model", self.whole, "--pose", pose, "-o", out, "--notes", pose, says=["pose.npy"])
        fails("--model", self.whole, "--pose", pose, "-o", out, "--device", "cuda:9", says=["--device"])
        fails("--model", self.whole, "--pose", pose, "-o", out, "--transpose", 5, says=["--transpose requires --notes"])
        write_npy(self.folder / "joints.npy", (100, JOINTS - 1, 3))
        fails("--model", self.whole, "--pose", self.folder / "joints.npy", "-o", out, says=["47"])
        (self.folder / "model.pt").write_bytes(b"PK\x03\x04 and more")
        fails("--model", self.folder / "model.pt", "--pose", pose, "-o", out, says=["safetensors"])
        out.write_bytes(b"mine")
        fails("--model", self.whole, "--pose", pose, "-o", out, says=["--force"])

    def test_a_model_of_another_shape_is_refused(self):
        folder = self.folder / "model"
        folder.mkdir()
        header, data = read_safetensors(self.whole / "model.safetensors")
        name = "vqvae.encoder.stem.weight"
        header[name]["shape"] = header[name]["shape"][::-1]
        write_safetensors(folder / "model.safetensors", header, data)
        pose = next(self.corpus.glob("*/pose.npy"))
        self.assert_fails("--model", folder, "--pose", pose, "-o", self.folder / "x.wav", program=self.mi_generate,
                          says=[name])

    def test_a_flipped_bit_in_the_weights_is_found(self):
        folder = self.folder / "model"
        folder.mkdir()
        data = bytearray((self.whole / "model.safetensors").read_bytes())
        rng = random.Random(1)
        pose = next(self.corpus.glob("*/pose.npy"))
        for _ in range(8):
            flipped = bytearray(data)
            flipped[rng.randrange(len(data) // 2, len(data))] ^= 1 << rng.randrange(8)
            (folder / "model.safetensors").write_bytes(flipped)
            self.assert_fails("--model", folder, "--pose", pose, "-o", self.folder / "x.wav", program=self.mi_generate,
                              says=["model.safetensors"])

    def test_evaluation_prints_one_json_object(self):
        for metric, keys in (("reconstruction", ["l2", "spectral_convergence_db", "log_spectral_distance_db",
                                                 "codes_used", "perplexity"]),
                             ("codebook", ["codes_used", "perplexity", "dead", "hold", "by_rank", "baselines"]),
                             ("nll", ["nll_nats"])):
            out = self.folder / f"{metric}.json"
            self.assert_works(metric, "--model", self.whole, "--corpus", self.corpus, "--clips", 3, "--json", out,
                              program=self.mi_eval)
            found = json.loads(out.read_text())
            for key in keys + ["metric", "model", "corpus", "split", "seed", "version"]:
                self.assertIn(key, found)
            self.assert_fails(metric, "--model", self.whole, "--corpus", self.corpus, "--json", out,
                              program=self.mi_eval, says=["--force"])
        self.assert_fails("beauty", "--model", self.whole, "--corpus", self.corpus, program=self.mi_eval,
                          says=["reconstruction", "nll"])
        self.assert_fails("nll", "--model", self.whole, "--corpus", self.corpus, "--split", "dev", program=self.mi_eval,
                          says=["dev"])

    def test_figures_with_notes_are_over_the_clips_that_have_any(self):
        corpus = self.folder / "mixed"
        shutil.copytree(self.corpus, corpus)
        rows = read_rows(corpus / "tracks.csv")
        for row in rows[1:]:
            row["notes"] = "0"
        write_rows(corpus / "tracks.csv", rows)
        json_file = self.folder / "nll.json"
        self.assert_works("nll", "--model", self.whole, "--corpus", corpus, "--split", "train", "--clips", 8,
                          "--threads", 1, "--json", json_file, program=self.mi_eval)
        found = json.loads(json_file.read_text())
        self.assertGreater(found["clips"], found["clips_with_notes"])
        self.assertGreater(found["clips_with_notes"], 0)
        for figure, of_moment in (("nll_notes_nats", "nats"), ("nll_notes_pose_gain_nats", "pose_gain_nats")):
            parts = sum(moment["share"] * moment[of_moment] for moment in found["nll_notes_moments"].values())
            self.assertAlmostEqual(found[figure], parts, places=6)

    def test_changed_settings_are_refused_on_resume(self):
        run = self.folder / "run"
        shutil.copytree(self.whole, run)
        before = self.hashes(run)
        result = self.run_program("--resume", run, "--set", "vqvae.channels=32")
        self.assertEqual(result.returncode, 2)
        self.assertIn("vqvae.channels: 32, not 16", result.stderr)
        self.assertEqual(self.hashes(run), before)


class Baselines(Case):
    """Both baselines of the paper, with the same programs and the same kind of run folder."""
    SMALL = {"baseline_training__steps": 14, "baseline_training__batch": 4, "baseline_training__warmup_steps": 2,
             "seq2seq__hidden": 8, "graph_transformer__blocks": "[3, 3, 4]", "graph_transformer__width": 16,
             "graph_transformer__layers": 2, "graph_transformer__heads": 2, "graph_transformer__ffn": 16}
    KINDS = ("seq2seq", "graph_transformer")

    def changes(self, kind, **more):
        return self.SMALL | {"model__kind": kind} | more

    def test_killed_and_resumed_they_end_at_the_same_bytes(self):
        for kind in self.KINDS:
            with self.subTest(kind):
                whole = self.folder / f"whole-{kind}"
                expected = self.train(whole, **self.changes(kind))
                run = self.folder / f"run-{kind}"
                code, _ = self.stop_at(run, "baseline", 8, signal.SIGKILL, **self.changes(kind, run__save_every=3))
                self.assertEqual(code, -signal.SIGKILL)
                self.assertNotEqual(self.hashes(run), expected)
                self.assertEqual(self.resume(run, run__save_every=200), expected)
                lines = [[re.sub(r',"(seconds|steps_per_second)":[^,}]*', "", line)
                          for line in (folder / "metrics.jsonl").read_text().splitlines()] for folder in (whole, run)]
                self.assertEqual(lines[0], lines[1])
                last = json.loads(lines[0][-1])
                self.assertEqual((last["stage"], last["step"]), ("baseline", 14))
                self.assertIn("test_loss", last)
                self.assertIn("test_generated_l2", last)

    def test_what_a_baseline_is_not_asked(self):
        run = self.folder / "run"
        self.train(run, **self.changes("seq2seq"))
        stage = subprocess.run(self.arguments(self.folder / "other", "--stage", "vqvae", **self.changes("seq2seq")),
                               stderr=subprocess.PIPE, text=True)
        self.assertEqual(stage.returncode, 2)
        self.assertIn("--stage: expected all or baseline for model.kind seq2seq, got vqvae", stage.stderr)
        self.assertFalse((self.folder / "other").exists())
        stage = subprocess.run(self.arguments(self.folder / "other", "--stage", "baseline"), stderr=subprocess.PIPE,
                               text=True)
        self.assertEqual(stage.returncode, 2)
        self.assertIn("for model.kind minet, got baseline", stage.stderr)
        kind = self.run_program("--resume", run, "--set", "model.kind=graph_transformer")
        self.assertEqual(kind.returncode, 2)
        self.assertIn("model.kind: graph_transformer, not seq2seq", kind.stderr)
        pose = next(self.corpus.glob("*/pose.npy"))
        self.assert_fails("--model", run, "--pose", pose, "-o", self.folder / "x.wav", program=self.mi_generate,
                          says=["expected a model of the paper's kind, got the baseline seq2seq"])


class Plus(Case):
    """minet's own model, with the same programs and the same kind of run folder."""
    SMALL = {"model__kind": "plus", "synthesiser_training__steps": 8, "synthesiser_training__batch": 2,
             "synthesiser_training__warmup_steps": 2, "controls_training__steps": 8, "controls_training__batch": 4,
             "controls_training__warmup_steps": 2, "plus__harmonics": 8, "plus__synthesiser_width": 16,
             "plus__sound_frames": 40, "plus__motion_hidden": 8, "plus__prior_width": 16, "plus__prior_layers": 1}

    def train_plus(self, run, *more, **changes):
        return self.train(run, *more, **self.SMALL | changes)

    def test_killed_in_either_stage_and_resumed_it_ends_at_the_same_bytes(self):
        expected = self.train_plus(self.folder / "whole")
        for stage in ("synthesiser", "controls"):
            with self.subTest(stage):
                run = self.folder / stage
                code, _ = self.stop_at(run, stage, 5, signal.SIGKILL, **self.SMALL, run__save_every=3)
                self.assertEqual(code, -signal.SIGKILL)
                self.assertNotEqual(self.hashes(run), expected)
                self.assertEqual(self.resume(run, run__save_every=200), expected)
        self.assertEqual(self.metrics(self.folder / "controls"), self.metrics(self.folder / "whole"))
        self.assertNotEqual(self.train_plus(self.folder / "other", run__seed=2), expected)

    def test_shuffled_instrument_labels_change_nothing(self):
        corpus = self.folder / "corpus"
        shutil.copytree(self.corpus, corpus)
        rows = read_rows(corpus / "tracks.csv")
        labels = [row["instrument"] for row in rows]
        for row, label in zip(rows, labels[1:] + labels[:1]):
            row["instrument"] = label
        write_rows(corpus / "tracks.csv", rows)
        found = [self.train_plus(self.folder / name, corpus=where)["model.safetensors"]
                 for name, where in (("shuffled", corpus), ("true", self.corpus))]
        self.assertEqual(found[0], found[1])

    def test_it_plays_and_its_sidecar_plays_the_same_again(self):
        run = self.folder / "run"
        self.train_plus(run)
        pose, notes = (next(self.corpus.glob(f"*/{name}")) for name in ("pose.npy", "notes.csv"))
        sounds = []
        for extra in ([], ["--notes", notes]):
            play = ["--model", run, "--pose", pose, "--threads", 1, "--seconds", 3, "--seed", 5, "--force", *extra]
            self.assert_works(*play, "-o", self.folder / "a.wav", program=self.mi_generate)
            self.assert_works("--from", self.folder / "a.json", "-o", self.folder / "b.wav", "--force",
                              program=self.mi_generate)
            self.assertEqual(self.stamp("a.wav"), self.stamp("b.wav"))
            sounds.append(self.stamp("a.wav"))
        self.assertNotEqual(*sounds)
        sidecar = json.loads(self.stamp("a.json"))
        # One code per 32 ms: onset + 2 * (pitch + 129 * level). Within a note, the pitch is the note's.
        self.assertEqual(len(sidecar["codes"]), 94)
        rows = [(float(row["onset_s"]), float(row["duration_s"]), int(row["pitch"])) for row in read_rows(notes)]
        compared = 0
        for i, code in enumerate(sidecar["codes"]):
            for onset, duration, pitch in rows:
                if onset + 0.032 <= i * 0.032 < onset + duration - 0.032:
                    self.assertEqual(code // 2 % 129, 1 + pitch)
                    compared += 1
        self.assertGreater(compared, 20)
        sidecar["body"] = sidecar["body"][1:]
        (self.folder / "bad.json").write_text(json.dumps(sidecar))
        self.assert_fails("--from", self.folder / "bad.json", "-o", self.folder / "x.wav", program=self.mi_generate,
                          says=["expected codes from 0 to"])
        self.assert_fails("--model", run, "--pose", pose, "--iterations", 9, "-o", self.folder / "x.wav",
                          program=self.mi_generate, says=["reconstructs no phases"])
        one = self.assert_works("nll", "--model", run, "--corpus", self.corpus, "--clips", 4, "--threads", 1,
                                program=self.mi_eval)
        self.assertIn("All clips are of one track, so none was given another's body.", one.stdout)
        models = ("--model", run, "--model", run, "--corpus", self.corpus)
        self.assert_fails("tsne", *models, "--out", self.folder / "map", program=self.mi_eval,
                          says=["--out: expected one model"])
        for metric in ("notes", "instrument", "knn", "nll"):
            self.assert_works(metric, "--model", run, "--corpus", self.corpus, "--split", "train", "--clips", 4,
                              "--threads", 1, program=self.mi_eval)

    def test_what_it_is_not_asked(self):
        run = self.folder / "run"
        self.train_plus(run, "--stage", "synthesiser")
        pose = next(self.corpus.glob("*/pose.npy"))
        self.assert_fails("--model", run, "--pose", pose, "-o", self.folder / "x.wav", program=self.mi_generate,
                          says=["only its synthesiser is"])
        ask = ("--model", run, "--corpus", self.corpus, "--split", "train", "--clips", 4, "--threads", 1)
        self.assert_fails("notes", *ask, program=self.mi_eval, says=["only its synthesiser is"])
        self.assert_works("knn", *ask, program=self.mi_eval)  # the body encoder is already trained
        self.assert_works("tsne", *ask, "--perplexity", 2, program=self.mi_eval)
        for change, says in ("plus.harmonics=9", "plus.harmonics: 9, not 8"), ("model.kind=minet", "model.kind"):
            self.assert_fails("--resume", run, "--set", change, says=[says])

    def test_settings_of_the_second_stage_may_change_before_it(self):
        run = self.folder / "run"
        self.train_plus(run, "--stage", "synthesiser")
        self.resume(run, plus__prior_width=24, plus__mask=0.3)
        self.assertEqual(len(weights(run, "controls.gru.weight_hh_l0")), 3 * 24 * 24)
        before = self.metrics(run)
        self.resume(run, "--stage", "synthesiser", controls_training__steps=12)
        self.assertEqual(self.metrics(run), before)
        self.assertIn("the synthesiser of this run is already trained", self.said)

    def test_goes_on_for_longer_and_starts_from_another(self):
        first, tuned, kept = (self.folder / name for name in ("first", "tuned", "kept"))
        self.train_plus(first)
        timbre, prior = "synthesiser.harmonics.weight", "controls.trunk.weight"
        self.train_plus(tuned, "--init-from", first)
        self.train_plus(kept, "--init-from", first, "--freeze", "synthesiser")
        body, alone = "body.gru.weight_ih_l0", self.folder / "alone"
        self.train_plus(alone, "--init-from", first, "--stage", "synthesiser", plus__keep_body="true")
        self.assertNotEqual(weights(alone, timbre), weights(first, timbre))
        self.assertEqual(weights(alone, body), weights(first, body))
        self.assertNotEqual(weights(tuned, body), weights(first, body))
        matched = [any("test_match" in line for line in self.metrics(run)) for run in (tuned, alone)]
        self.assertEqual(matched, [True, False])
        # There is one test track, so no other player's movements.
        self.assertEqual({"test_nll_live" in line for line in self.metrics(first) if "test_nll" in line}, {True})
        self.assertFalse(any("test_nll_other" in line for line in self.metrics(first)))
        self.assertNotEqual(weights(tuned, timbre), weights(first, timbre))
        self.assertEqual(weights(kept, timbre), weights(first, timbre))
        self.assertNotEqual(weights(kept, prior), weights(first, prior))
        before = self.hashes(first)
        self.assertEqual(self.resume(first), before)
        self.assertIn("this run is finished: all 8 steps of stage controls", self.said)
        self.assertNotEqual(self.resume(first, controls_training__steps=10), before)
        music = read_events(first / "tensorboard")["controls/music"]
        self.assertEqual([step for step, _ in music][-1], 8 + 10)

    def test_a_model_that_never_saw_notes_refuses_them(self):
        run = self.folder / "run"
        self.train_plus(run, corpus=self.without_notes())
        pose, notes = (next(self.corpus.glob(f"*/{name}")) for name in ("pose.npy", "notes.csv"))
        self.assert_fails("--model", run, "--pose", pose, "--notes", notes, "-o", self.folder / "x.wav",
                          program=self.mi_generate, says=["no training track of its corpus had any"])


class BadInput(Case):
    def fails(self, *arguments, **options):
        return self.assert_fails(*arguments, "--threads", 1, **options)

    def test_configuration(self):
        run = ["--corpus", self.corpus, "--run", self.folder / "run"]
        self.fails(self.folder / "none.yaml", *run, says=["none.yaml"])
        typo = self.folder / "typo.yaml"
        typo.write_text("vqvae:\n  chanels: 64\n")
        self.fails(typo, *run, says=["typo.yaml:2:3", "vqvae.chanels", "channels"])
        self.fails(self.config, *run, "--set", "vqvae.channels=7", says=["vqvae"])
        self.fails(self.config, *run, "--stage", "both", says=["--stage"])
        self.fails(self.config, *run, "--device", "tpu", says=["--device"])
        self.fails(self.config, "--run", self.folder / "run", says=["--corpus"])
        self.fails(self.config, "--corpus", self.corpus, says=["--run"])

    def test_corpus(self):
        run = ["--run", self.folder / "run"]
        self.fails(self.config, *run, "--corpus", self.folder / "none", says=["none"])
        self.fails(self.config, *run, "--corpus", self.folder, says=["corpus"])
        newer = self.folder / "newer"
        shutil.copytree(self.corpus, newer)
        text = (newer / "corpus.yaml").read_text()
        (newer / "corpus.yaml").write_text(text.replace("format_version: 1", "format_version: 9"))
        self.fails(self.config, *run, "--corpus", newer, says=["9"])
        self.fails(self.config, *run, "--corpus", self.corpus, "--set", "data.clip_seconds=30", says=["clip"])
        self.fails(self.config, *run, "--corpus", self.corpus, "--stage", "prior", says=["stage prior"])

    def test_a_reader_that_has_seen_enough_ends_it_quietly(self):
        for reads in (True, False):  # the rest fails in the flush at the end; all of it, before that
            process = subprocess.Popen([self.mi_train, str(self.config), "--explain"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            if reads:
                process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), "")
            self.assertIn(process.wait(), (0, 128 + signal.SIGPIPE, -signal.SIGPIPE))
            process.stderr.close()

    def test_restarts_of_a_single_process(self):
        self.fails(self.config, "--corpus", self.corpus, "--run", self.folder / "run", "--max-restarts", 3,
                   says=["--max-restarts: expected --nproc"])

    def test_run_folder(self):
        holds = self.folder / "holds"
        holds.mkdir()
        (holds / "thesis.tex").write_text("mine")
        common = [self.config, "--corpus", self.corpus, "--run"]
        self.fails(*common, holds, says=["holds files"])
        self.fails("--resume", holds, says=["run.json"])
        self.fails("--resume", holds, self.config, says=["folder only"])
        self.fails(says=["configuration", "--resume"])
        self.fails(*common, holds / "thesis.tex", says=["file"])

    def test_both_checkpoints_damaged(self):
        run = self.folder / "run"
        self.stop_at(run, "vqvae", 8, signal.SIGKILL, run__save_every=3)
        for name in ("checkpoint.safetensors", "checkpoint.prev.safetensors"):
            (run / name).write_bytes(b"torn")
        result = self.run_program("--resume", run)
        self.assertEqual(result.returncode, 2)
        self.assertIn("start a new run", result.stderr)

    def test_a_disk_without_room(self):
        mount = self.folder / "small"
        mount.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", mount], capture_output=True)
        if made.returncode != 0:
            self.skipTest("mounting a small disk is not allowed here")
        try:
            result = subprocess.run(self.arguments(mount / "run"), stderr=subprocess.PIPE, text=True)
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
            self.assertFalse(list((mount / "run").glob("*.partial*")))
        finally:
            subprocess.run(["umount", mount], check=True)


if __name__ == "__main__":
    support.main(["mi_train", "mi_generate", "mi_eval", "mi_prepare"], __doc__)
