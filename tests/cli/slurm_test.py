#!/usr/bin/env python3
"""examples/slurm/ with a fake srun, which sets the same variables as Slurm's.

Usage: slurm_test.py MI_TRAIN MI_PREPARE MI_EVAL [unittest arguments]
"""
import os
import signal
import socket
import subprocess
import time

import support
from support import QUICK_TRAINING, SOURCE

# Starts $SLURM_NTASKS tasks, passes TERM on to them, and kills all if one fails. Unlike with Slurm, where tasks run on
# named nodes, all are on this machine.
SRUN = r"""#!/usr/bin/env bash
tasks=${SLURM_NTASKS:-1}
words=()
for word in "$@"; do
  case $word in
    --ntasks=*) tasks=${word#--ntasks=} ;;
    --kill-on-bad-exit=1) ;;
    *) words+=("$word") ;;
  esac
done
pids=()
for ((i = 0; i < tasks; i++)); do
  SLURM_PROCID=$i SLURM_LOCALID=$i SLURM_STEP_NUM_TASKS=$tasks SLURM_STEP_TASKS_PER_NODE=$tasks \
    SLURM_STEP_NODELIST=localhost "${words[@]}" &
  pids+=($!)
done
printf '%s\n' "${pids[@]}" > "$FAKE_SLURM/pids"
trap 'kill -TERM "${pids[@]}"' TERM
status=0
while [ ${#pids[@]} -gt 0 ]; do
  sleep 0.05
  left=()
  for pid in "${pids[@]}"; do
    if kill -0 "$pid" 2>/dev/null; then left+=("$pid"); continue; fi
    code=0
    wait "$pid" || code=$?
    [ $status -ne 0 ] || status=$code
  done
  pids=("${left[@]}")
  if [ $status -ne 0 ] && [ ${#pids[@]} -gt 0 ]; then
    sleep 2
    kill -KILL "${pids[@]}" 2>/dev/null
  fi
done
exit $status
"""
SCONTROL = '#!/bin/sh\necho "$@" >> "$FAKE_SLURM/controlled"\n'


class SlurmTest(support.Case):
    @classmethod
    def setUpClass(cls):
        shared = cls.class_folder()
        cls.corpus, cls.table = cls.small_corpus(shared, tracks=5), shared / "players/tracks.csv"

    def setUp(self):
        super().setUp()
        self.slurm = self.folder / "slurm"
        self.slurm.mkdir()
        for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
            (self.slurm / name).write_text(text)
            (self.slurm / name).chmod(0o755)
        for name in ("mi_train", "mi_prepare", "mi_eval"):
            (self.slurm / name).symlink_to(getattr(self, name))

    def environment(self, **more):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        # The variables that sbatch sets for a script; also PROCID and NTASKS, though the script is not a task.
        return os.environ | {"PATH": f"{self.slurm}:{os.environ['PATH']}", "FAKE_SLURM": str(self.slurm),
                             "SLURM_JOB_ID": "77", "SLURM_PROCID": "0", "MASTER_PORT": str(port),
                             **{key: str(value) for key, value in more.items()}}

    def batch(self, script, *arguments, **more):
        return subprocess.run([SOURCE / "examples/slurm" / script, *map(str, arguments)], capture_output=True,
                              text=True, timeout=120, env=self.environment(**more), cwd=self.folder)

    def test_an_array_prepares_a_corpus(self):
        corpus = self.folder / "made"
        for task in (2, 1, 3, 2):
            done = self.batch("prepare.sh", self.table, corpus, SLURM_ARRAY_TASK_ID=task, SLURM_ARRAY_TASK_MAX=3,
                              SLURM_NTASKS=1)
            self.assertEqual(done.returncode, 0, done.stderr)
        done = self.batch("prepare.sh", self.table, corpus, "merge", SLURM_NTASKS=1)
        self.assertIn("usable", done.stdout, done.stderr)
        self.assertEqual(self.files(corpus), self.files(self.corpus))

    def train(self, run, *more):
        return [SOURCE / "examples/slurm/train.sh", SOURCE / "configs/tiny.yaml", self.corpus, run,
                *QUICK_TRAINING, *more]

    def test_tasks_train_together_and_go_on_after_the_time_limit(self):
        run = self.folder / "run"
        more = ("--set", "vqvae_training.steps=100000")
        with (self.folder / "log.txt").open("w") as log:
            job = subprocess.Popen(self.train(run, *more, "--set", "run.save_every=5"), stderr=log, stdout=log,
                                   env=self.environment(SLURM_NTASKS=2))
            self.addCleanup(job.kill)
            deadline = time.monotonic() + 60
            while not (run / "checkpoint.safetensors").exists():
                self.assertLess(time.monotonic(), deadline, (self.folder / "log.txt").read_text())
                self.assertIsNone(job.poll(), (self.folder / "log.txt").read_text())
                time.sleep(0.05)
            job.send_signal(signal.SIGUSR1)
            self.assertEqual(job.wait(timeout=60), 0, (self.folder / "log.txt").read_text())
        said = (self.folder / "log.txt").read_text()
        self.assertIn("2 ranks, ", said)
        self.assertIn("stopped at step", said)
        self.assertEqual((self.slurm / "controlled").read_text(), "requeue 77\n")
        # The requeued job resumes.
        step = int(said.split("stopped at step ")[1].split()[0])
        with (self.folder / "log.txt").open("w") as log:
            job = subprocess.Popen(self.train(run, *more), stderr=log, stdout=log,
                                   env=self.environment(SLURM_NTASKS=2))
            self.addCleanup(job.kill)
            deadline = time.monotonic() + 60
            while "resuming at step" not in (self.folder / "log.txt").read_text():
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            job.send_signal(signal.SIGUSR1)
            self.assertEqual(job.wait(timeout=60), 0, (self.folder / "log.txt").read_text())
        self.assertIn(f"resuming at step {step} of stage vqvae", (self.folder / "log.txt").read_text())

    def test_a_whole_training(self):
        run = self.folder / "run"
        done = subprocess.run(self.train(run, "--quick"), capture_output=True, text=True, timeout=120,
                              env=self.environment(SLURM_NTASKS=3))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("3 ranks, ", done.stderr)
        self.assertTrue((run / "model.safetensors").exists())
        again = subprocess.run(self.train(run, "--quick"), capture_output=True, text=True, timeout=120,
                               env=self.environment(SLURM_NTASKS=3))
        self.assertIn("this run is finished", again.stderr)
        self.measure_in_an_array(run)

    def measure_in_an_array(self, run):
        ndb = ["ndb", "--model", run, "--corpus", self.corpus, "--split", "train", "--clips", 70, "--bins", 4,
               "--train-clips", 16, "--rounds", 100, "--cache", self.folder / "bins"]
        self.assert_works("-q", *ndb, "--threads", 1, "--json", self.folder / "whole.json", program=self.mi_eval)
        done = self.batch("evaluate.sh", *ndb, "--json", "ndb.json", SLURM_ARRAY_TASK_ID=2, SLURM_ARRAY_TASK_MAX=2,
                          SHARDS=3, SLURM_NTASKS=1)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.batch("evaluate.sh", "merge", "ndb.json", SLURM_NTASKS=1)
        self.assertEqual(done.returncode, 2)
        self.assertIn("1/3, 3/3 are not finished", done.stderr)
        for task in (1, 3, 2):
            done = self.batch("evaluate.sh", *ndb, "--json", "ndb.json", SLURM_ARRAY_TASK_ID=task,
                              SLURM_ARRAY_TASK_MAX=3, SLURM_NTASKS=1)
            self.assertEqual(done.returncode, 0, done.stderr)
        done = self.batch("evaluate.sh", "merge", "ndb.json", SLURM_NTASKS=1)
        self.assertIn("generated", done.stdout, done.stderr)
        self.assertEqual((self.folder / "ndb.json").read_bytes(), (self.folder / "whole.json").read_bytes())


if __name__ == "__main__":
    support.main(["mi_train", "mi_prepare", "mi_eval"], __doc__)
