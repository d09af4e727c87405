#!/usr/bin/env python3
"""mi_train with several ranks: the same curves as one process, and what happens when a rank is lost.

Usage: ranks_test.py MI_TRAIN MI_PREPARE [unittest arguments]
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import support
from support import SOURCE

# Five tracks of 8 s in clips of 1 s. Without dropout, whose random numbers differ between ranks.
SMALL = {
    "spectrogram.n_fft": 1024, "spectrogram.bins": 512, "data.clip_seconds": 1,
    "vqvae.channels": 16, "vqvae.bands": "[4, 2, 2, 1]", "vqvae.codes": 32, "vqvae.plain_steps": 4,
    "vqvae.kmeans_vectors": 300, "vqvae.revive_every": 3, "vqvae_training.steps": 20,
    "vqvae_training.batch": 5, "vqvae_training.warmup_steps": 2, "prior_training.steps": 12,
    "prior_training.batch": 5, "prior_training.warmup_steps": 2, "prior.dropout": 0, "run.log_every": 1,
    "run.evaluate_every": 1000, "run.evaluate_clips": 2, "run.save_every": 10,
}
LONG = SMALL | {"vqvae_training.steps": 60, "vqvae_training.batch": 2, "prior_training.steps": 6,
                "run.save_every": 5, "run.log_every": 5}


def words(settings):
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


def curves(run):
    """{(stage, step): numbers} of metrics.jsonl, without the timings."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {(row["stage"], row["step"]): {key: value for key, value in row.items()
                                          if key not in ("seconds", "steps_per_second")} for row in rows}


def ranks_of(parent):
    """Process ids of the ranks that a launcher started, in ascending order."""
    children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return sorted(map(int, children))


class RanksTest(support.Case):
    @classmethod
    def setUpClass(cls):
        shared = cls.class_folder()
        cls.corpus = cls.small_corpus(shared, tracks=5)
        cls.undisturbed = shared / "undisturbed"
        subprocess.run([cls.program, *cls.words_of(cls.undisturbed, LONG, "--nproc", "2")], check=True,
                       stderr=subprocess.DEVNULL, timeout=120)

    @classmethod
    def words_of(cls, run, settings, *more, corpus=None):
        return [str(word) for word in (SOURCE / "configs/tiny.yaml", "--corpus", corpus or cls.corpus, "--run", run,
                                       *more, *words(settings))]

    def start(self, run, *more):
        """Starts a long training with two ranks, and waits until some steps after its first checkpoint."""
        log = (self.folder / "log.txt").open("w")
        self.addCleanup(log.close)
        process = subprocess.Popen([self.program, *self.words_of(run, LONG, "--nproc", "2", *more)],
                                   stderr=log, stdin=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 60
        while not (run / "checkpoint.safetensors").exists():
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll(), (self.folder / "log.txt").read_text())
            time.sleep(0.02)
        return process

    def said(self):
        return (self.folder / "log.txt").read_text()

    def assert_undisturbed(self, run):
        for name in ("checkpoint.safetensors", "model.safetensors"):
            self.assertEqual((run / name).read_bytes(), (self.undisturbed / name).read_bytes(), name)
        self.assertEqual(curves(run), curves(self.undisturbed))

    def trained(self, ranks, *more):
        run = self.folder / f"run{ranks}"
        done = self.run_program(*self.words_of(run, SMALL, "--nproc", ranks, *more))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads((run / "run.json").read_text())["ranks"], ranks)
        return curves(run)

    def assert_near(self, alone, joined, step, tolerance, keys=None):
        self.assertEqual(alone[step].keys(), joined[step].keys())
        for key, value in alone[step].items():
            if isinstance(value, float) and (keys is None or key in keys):
                self.assertAlmostEqual(value, joined[step][key], delta=tolerance * abs(value), msg=(step, key))

    def test_the_vqvae_learns_what_one_process_learns(self):
        alone = self.trained(1, "--stage", "vqvae")
        self.assertEqual(len(alone), 20)
        for ranks in (2, 3):
            joined = self.trained(ranks, "--stage", "vqvae")
            self.assertEqual(alone.keys(), joined.keys())
            # If a vector is equally near to two codes, the order of a sum decides, and the runs diverge a little.
            parted = False
            for step in alone:
                parted = parted or alone[step].get("perplexity") != joined[step].get("perplexity")
                if parted:
                    self.assert_near(alone, joined, step, 1e-3, ["loss"])
                else:
                    self.assert_near(alone, joined, step, 1e-4)

    def test_the_prior_learns_what_one_process_learns(self):
        frozen = ("--init-from", self.undisturbed, "--freeze", "vqvae")
        alone = self.trained(1, *frozen)
        self.assertEqual(len(alone), 12)
        for ranks in (2, 3):
            joined = self.trained(ranks, *frozen)
            self.assertEqual(alone.keys(), joined.keys())
            for step in alone:
                self.assert_near(alone, joined, step, 1e-4)

    def test_a_rank_that_was_killed_is_reported_and_the_run_resumed(self):
        run = self.folder / "run"
        process = self.start(run)
        os.kill(ranks_of(process.pid)[1], signal.SIGKILL)
        self.assertEqual(process.wait(timeout=90), 1)
        self.assertIn("rank 1 of 2 was killed by signal 9", self.said())
        self.assertIn("continue with: mi_train --nproc 2 --resume", self.said())
        done = self.run_program("--resume", run, "--nproc", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_undisturbed(run)

    def test_restarts_end_with_the_undisturbed_weights(self):
        run = self.folder / "run"
        process = self.start(run, "--max-restarts", "1")
        os.kill(ranks_of(process.pid)[0], signal.SIGKILL)
        self.assertEqual(process.wait(timeout=120), 0, self.said())
        self.assertIn("restarting all ranks from the last checkpoint (1 of 1)", self.said())
        self.assert_undisturbed(run)

    def test_a_stop_saves_once_and_ends_all(self):
        run = self.folder / "run"
        process = self.start(run)
        ranks = ranks_of(process.pid)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=90), -signal.SIGTERM)
        self.assertFalse(any(pathlib.Path(f"/proc/{rank}").exists() for rank in ranks))
        self.assertEqual(self.said().count("stopped at step"), 1)
        done = self.run_program("--resume", run, "--nproc", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_undisturbed(run)

    def test_a_rank_that_hangs_is_an_error(self):
        run = self.folder / "run"
        process = self.start(run, "--rank-timeout", "4")
        os.kill(ranks_of(process.pid)[1], signal.SIGSTOP)
        self.assertEqual(process.wait(timeout=90), 1)
        self.assertIn("rank 0 of 2: expected all ranks to answer", self.said())
        self.assertRegex(self.said(), "Timed out|timeout")

    def test_a_dropped_link_is_an_error_on_both_sides(self):
        """Two machines with one rank each: network namespaces, linked by a cable that is cut."""
        if os.geteuid() != 0 or shutil.which("ip") is None:
            self.skipTest("needs root and the program ip")
        sides = [f"minet{os.getpid()}{side}" for side in "ab"]
        cable = [f"mi{os.getpid() % 100000}{side}" for side in "ab"]
        for side in sides:
            if subprocess.run(["ip", "netns", "add", side], stderr=subprocess.DEVNULL).returncode != 0:
                self.skipTest("network namespaces cannot be made here")
            self.addCleanup(subprocess.run, ["ip", "netns", "del", side])
        commands = [f"link add {cable[0]} netns {sides[0]} type veth peer name {cable[1]} netns {sides[1]}"]
        for i in range(2):
            commands += [f"-n {sides[i]} addr add 10.77.0.{i + 1}/24 dev {cable[i]}",
                         f"-n {sides[i]} link set {cable[i]} up", f"-n {sides[i]} link set lo up"]
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True)
        run, ranks = self.folder / "run", []
        for i in range(2):
            ranks.append(subprocess.Popen(
                ["ip", "netns", "exec", sides[i], self.program, *self.words_of(run, LONG, "--rank-timeout", "4")],
                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                env=os.environ | {"RANK": str(i), "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1",
                                  "MASTER_ADDR": "10.77.0.1", "MASTER_PORT": "29777", "GLOO_SOCKET_IFNAME": cable[i]}))
            self.addCleanup(ranks[-1].kill)
        deadline = time.monotonic() + 60
        while not (run / "checkpoint.safetensors").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        subprocess.run(["ip", "-n", sides[0], "link", "set", cable[0], "down"], check=True)
        for rank in ranks:
            said = rank.communicate(timeout=60)[1]
            self.assertEqual(rank.returncode, 1, said)
            self.assertIn("expected all ranks to answer", said)

    def test_bad_input_is_said_once(self):
        for changes, corpus, sentence in (
                ({"vqvae_training.batch": 1}, self.corpus, "expected a batch of at least one clip for each of 2"),
                ({}, self.folder / "none", "none")):
            done = self.run_program(*self.words_of(self.folder / "run", SMALL | changes, "--nproc", "2", corpus=corpus))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertEqual(done.stderr.count("mi_train: "), 1, done.stderr)
            self.assertIn(sentence, done.stderr)
        self.assertFalse((self.folder / "run").exists())

    def test_half_an_environment_is_refused(self):
        done = self.run_program(*self.words_of(self.folder / "run", SMALL),
                                env=os.environ | {"RANK": "0", "WORLD_SIZE": "2"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected MASTER_PORT to be a whole number from 1 to 65535, got none", done.stderr)


if __name__ == "__main__":
    support.main(["mi_train", "mi_prepare"], __doc__)
