#!/usr/bin/env python3
"""Checks and measures training and sampling on a GPU in one command, in a limited time. See docs/gpu.md.

    scripts/gpu_check.py OUT                                  agreement with the CPU, resuming, speed
    scripts/gpu_check.py OUT --train CONFIG --corpus CORPUS   and then trains that until the time is over

OUT/gpu_check.json and OUT/gpu_check.md are written again after each result, so that it may be killed at any time.
Needs only the programs (of a build, or of scripts/bundle.sh --all-models --tests, which packs this file too) and
Python 3.
"""
import argparse
import contextlib
import json
import math
import os
import pathlib
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUNDLED = (HERE / "configs").is_dir()  # in share/minet
DATA = HERE if BUNDLED else HERE.parent
CONFIGS = DATA / "configs"
STEPS = 10  # of each stage, compared with the CPU
# Losses may differ by this share after STEPS steps: sums on a GPU have another order.
CLOSE = 0.01
# plus draws noise on the device, so its random numbers are others on a GPU.
CLOSE_PLUS = 0.1
SETTLE = 2  # s of a run after its first log line that do not count
# Stage, clips per step, precision, graphs: the most interesting first.
SPEEDS = [(stage, batch, "bf16", graphs) for stage, batches in (("vqvae", (64, 256, 8)), ("prior", (256, 32)))
          for batch in batches for graphs in (False, True)]
SPEEDS += [(stage, batch, precision, False) for stage, batch in (("vqvae", 64), ("prior", 256))
           for precision in ("tf32", "float32")]
SMALL_SPEEDS = [("vqvae", 8, "float32", False), ("prior", 8, "float32", False)]
RECORDED = "a training step has been recorded"  # mi_train's message
LEAST_TRAINING = 60  # s
PIECES, PIECE = "model.safetensors.", 15_000_000  # bytes: some machines return small files only
PARTS = {"machine": 60, "corpus": 60, "tests": 120, "agreement": 120, "figures": 60, "resuming": 120, "speed": 160,
         "pytorch": 120, "sampling": 100, "generating": 40, "memory_errors": 90, "training": 3600}  # time limits in s


class Failed(Exception):
    pass


class NoTimeLeft(Exception):
    pass


class Worker:
    """A process that answers each line of its input by a line of JSON."""

    def __init__(self, process):
        self.process, self.unread = process, b""

    def answer(self, ask, until):
        try:
            if ask:
                self.process.stdin.write(b"\n")
                self.process.stdin.flush()
            while not (whole := re.search(rb"^\{.*\n", self.unread, re.M)):
                left = until - time.monotonic()
                if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                    return {"error": "no time left"}
                more = os.read(self.process.stdout.fileno(), 65536)
                if not more:
                    return {"error": "it ended"}
                self.unread += more
        except BrokenPipeError:
            return {"error": "it ended"}
        self.unread = self.unread[whole.end():]
        return json.loads(whole.group())


class Check:
    def __init__(self, options, work):
        self.options, self.work, self.began = options, work, time.monotonic()
        self.rows, self.parts, self.runs = [], {}, 0

    def left(self):
        return 60 * self.options.minutes - (time.monotonic() - self.began)

    def note(self, part, what, result, good=None):
        """good: whether it is as it should be; None: a measurement."""
        self.rows.append({"part": part, "what": what, "result": result, "good": good})
        print(f"{part}: {what}: {result}{'' if good is None else ' (passed)' if good else ' (FAILED)'}", flush=True)
        self.write()

    def write(self):
        out = self.options.out
        table = ["| part | what | result | passed |", "|---|---|---|---|"]
        table += ["| {part} | {what} | {result} | {} |".format({True: "yes", False: "**no**", None: ""}[row["good"]],
                                                           **row) for row in self.rows]
        for name, text in (("gpu_check.json", json.dumps({"parts": self.parts, "rows": self.rows}, indent=2)),
                           ("gpu_check.md", "\n".join(table))):
            partial = out / (name + ".partial")
            partial.write_text(text + "\n")
            partial.replace(out / name)

    def run_part(self, name, limit, part):
        """Runs a part for at most `limit` seconds; what it raises is a row of the table."""
        began = time.monotonic()
        self.until = began + min(limit, self.left() - (LEAST_TRAINING if self.options.train else 0))
        try:
            part()
        except NoTimeLeft as error:
            self.note(name, str(error), "not measured: no time left")
        except Exception as error:  # pylint: disable=broad-except
            self.note(name, "ended early", f"{type(error).__name__}: {' '.join(str(error).split())[-300:]}", False)
        self.parts[name] = round(time.monotonic() - began, 1)
        self.write()

    def command(self, program, *arguments):
        return list(map(str, [self.options.bin / program, *arguments]))

    def start(self, command, output, environment=None, stdin=None, errors=subprocess.STDOUT):
        """A process in a group of its own, so that what it starts ends with it."""
        return subprocess.Popen(command, stdin=stdin, stdout=output, stderr=errors, start_new_session=True,
                                env=os.environ | (environment or {}))

    def stop(self, process, signals=(signal.SIGTERM, signal.SIGKILL)):
        for number in signals:
            if process.poll() is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)

    def finish(self, command, environment=None):
        """What it prints; Failed unless it ends well in time."""
        seconds = self.until - time.monotonic()
        name = pathlib.Path(command[0]).name
        if seconds <= 0:
            raise NoTimeLeft(name)
        log = self.work / "log"
        with open(log, "wb") as output:
            process = self.start(command, output, environment)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                raise NoTimeLeft(name) from None
            finally:
                self.stop(process, (signal.SIGKILL,))
        said = log.read_text(errors="replace")
        if process.returncode != 0:
            raise Failed(f"{name} ended with {process.returncode}: {said.strip()}")
        return said

    def call(self, program, *arguments):
        return self.finish(self.command(program, *arguments))

    def new_run(self, config, device, settings, *more):
        """(folder, command) of a training in a new folder."""
        self.runs += 1
        run = self.work / f"run{self.runs}"
        words = [CONFIGS / config, "--corpus", self.work / "corpus", "--run", run, "--device", device, *more]
        words += [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        return run, self.command("mi_train", *words)

    def losses(self, config, device, settings, *more):
        run, command = self.new_run(config, device, settings, *more)
        said = self.finish(command)
        if settings.get("run.cuda_graphs") and RECORDED not in said:
            raise Failed("no step was recorded")
        return losses_of(run)

    def steps_per_second(self, stage, config, settings):
        """The median of those logged from SETTLE seconds after the stage's first log line on."""
        run, command = self.new_run(config, self.options.device, settings)
        log, lines = self.work / "log", []
        with open(log, "wb") as output:
            process = self.start(command, output)
            try:
                while process.poll() is None and time.monotonic() < self.until:
                    time.sleep(0.1)
                    lines = [line for line in metrics_of(run) if line["stage"] == stage and "steps_per_second" in line]
                    if lines and lines[-1]["seconds"] > lines[0]["seconds"] + SETTLE + self.options.seconds:
                        break
                died = process.poll() is not None
            finally:
                self.stop(process)
        shutil.rmtree(run, ignore_errors=True)
        said = log.read_text(errors="replace")
        if died:
            raise Failed(said.strip() or f"mi_train ended with {process.returncode}")
        if not lines:
            raise NoTimeLeft(stage)
        if settings["run.cuda_graphs"] == "true" and RECORDED not in said:
            raise Failed("no step was recorded")
        late = [line for line in lines if line["seconds"] > lines[0]["seconds"] + SETTLE]
        return statistics.median(line["steps_per_second"] for line in late or lines)

    # The parts.

    def machine(self):
        for command in (["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
                        ["nproc", "--all"]):
            if shutil.which(command[0]):
                self.note("machine", command[0], self.output(command))
        self.note("machine", "programs", self.output(self.command("mi_train", "--version")))

    def output(self, command):
        return " ".join(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.split())

    def corpus(self):
        small = self.options.small
        players = self.work / "players"
        self.call("mi_prepare", "-q", "orchestra", "--out", players, "--tracks", 31, "--seconds",
                  8 if small else 20, "--sound", "additive", "--no-mix")
        self.call("mi_prepare", "-q", "folder", "--table", players / "tracks.csv", "--out", self.work / "corpus")

    def agreement(self):
        """The losses of the first steps on the device and on the CPU, and with recorded steps."""
        exact = {"run.precision": "float32", "run.log_every": 1, "run.evaluate_clips": 1}
        exact |= {"prior.dropout": 0, "seq2seq.dropout": 0, "graph_transformer.dropout": 0}
        exact |= {"vqvae.plain_steps": 3, "vqvae.kmeans_vectors": 1024}
        exact |= {"plus.augmentation": 0, "plus.live": 0, "plus.whole_track": 0}
        exact |= {"seq2seq.hidden": 32, "graph_transformer.blocks": "[8, 8, 16]", "graph_transformer.width": 64,
                  "graph_transformer.heads": 4, "graph_transformer.ffn": 128}
        for stage in ("vqvae", "prior", "baseline", "synthesiser", "controls"):
            exact |= {f"{stage}_training.{key}": value
                      for key, value in (("steps", STEPS), ("batch", 4), ("warmup_steps", 2))}
        for what, config, changes, close in (
                ("VQ-VAE and prior", "tiny.yaml", {}, CLOSE),
                ("Seq2Seq", "tiny.yaml", {"model.kind": "seq2seq"}, CLOSE),
                ("Graph-Transformer", "tiny.yaml", {"model.kind": "graph_transformer"}, CLOSE),
                ("plus", "plus.yaml", {}, CLOSE_PLUS)):
            exactly = exact | changes
            try:
                here = self.losses(config, "cpu", exactly)
                there = self.losses(config, self.options.device, exactly)
                self.compare("agreement", f"{what}, device and CPU", there, here, close)
                if self.options.device != "cpu":
                    recorded = self.losses(config, self.options.device, exactly | {"run.cuda_graphs": "true"})
                    self.compare("agreement", f"{what}, with graphs and without", recorded, there, CLOSE)
            except Failed as error:
                self.note("agreement", what, " ".join(str(error).split())[-300:], False)

    def compare(self, part, what, found, wanted, close):
        if len(found) != len(wanted) or not found:
            raise Failed(f"{what}: {len(found)} losses, expected {len(wanted)}")
        differences = [relative(*pair) for pair in zip(found, wanted)]
        worst = max(differences) if all(map(math.isfinite, differences)) else math.nan
        self.note(part, f"{what}: largest difference of losses", f"{100 * worst:.3g} %", worst <= close)

    def tests(self):
        """Networks against goldens from PyTorch; training steps of each kind with CUDA graphs and without."""
        program = self.options.bin / "accelerator_test"
        if not program.exists():
            return self.note("tests", "accelerator_test", "not included here (bundle.sh --tests)")
        environment = {"MINET_DEVICE": self.options.device}
        if BUNDLED:
            environment["MINET_GOLDENS"] = str(DATA / "golden")
        names = listed(self.finish([program, "--gtest_filter=Graphs.*:RepeatedSteps.*", "--gtest_list_tests"]))
        # Each recording in a process of its own: after one that fails, a GPU may be of no use.
        for what in ["-Graphs.*:RepeatedSteps.*"] + names:
            try:
                said = self.finish([program, "--gtest_brief=1", f"--gtest_filter={what}"], environment)
                counts = re.findall(r"\[ +(PASSED|SKIPPED) +\] (\d+) test", said)
                counts = ", ".join(f"{count} {word.lower()}" for word, count in counts)
                self.note("tests", f"accelerator_test {what}", counts, True)
            except Failed as error:
                self.note("tests", f"accelerator_test {what}", " ".join(str(error).split())[-300:], False)

    def figures(self):
        """The same measurement of models/paper on the CPU and on the device."""
        model, json_file, found = DATA / "models/paper", self.work / "nll.json", []
        if not model.is_dir():
            return self.note("figures", "models/paper", "not included here (bundle.sh --all-models)")
        for device in ("cpu", self.options.device):
            self.call("mi_eval", "-q", "nll", "--model", model, "--corpus", self.work / "corpus", "--clips", 4,
                      "--device", device, "--json", json_file, "--force")
            found.append(numbers_of(json.loads(json_file.read_text())))
        here, there = found
        worst, name = max((relative(here[name], there[name]), name) for name in here if name in there)
        self.note("figures", f"mi_eval nll, device and CPU, largest difference ({name})", f"{100 * worst:.3g} %",
                  worst < CLOSE)

    def resuming(self):
        """A run that is killed and resumed ends near one that is not; if run.deterministic, exactly there."""
        for deterministic in (False, True):
            self.kill_and_resume(deterministic)

    def kill_and_resume(self, deterministic):
        settings = {
            "run.deterministic": str(deterministic).lower(),
            "run.precision": "float32", "run.log_every": 1, "run.save_every": 5, "run.evaluate_clips": 1,
            "vqvae_training.steps": 40, "vqvae_training.batch": 4, "vqvae_training.warmup_steps": 2,
            "vqvae.plain_steps": 3, "vqvae.kmeans_vectors": 1024}
        whole = self.losses("tiny.yaml", self.options.device, settings, "--stage", "vqvae")
        run, command = self.new_run("tiny.yaml", self.options.device, settings, "--stage", "vqvae")
        process = self.start(command, subprocess.DEVNULL)
        try:
            while process.poll() is None and len(metrics_of(run)) < 15 and time.monotonic() < self.until:
                time.sleep(0.01)
        finally:
            self.stop(process, (signal.SIGKILL,))
        at = len(losses_of(run))
        if at == len(whole):
            return self.note("resuming", "killed and resumed", "it had ended before it was killed")
        self.call("mi_train", "-q", "--resume", run, "--device", self.options.device, "--stage", "vqvae")
        what = f"killed at step {at} of 40{', deterministic' if deterministic else ''}"
        self.compare("resuming", what, losses_of(run), whole, 0 if deterministic else CLOSE)

    def speed(self):
        """Steps per second of the paper's sizes."""
        small = self.options.small
        config = "tiny.yaml" if small else "paper.yaml"
        usual = {"run.log_every": 2 if small else 20, "run.evaluate_every": 1000000, "run.save_every": 1000000,
                 "run.evaluate_clips": 1, "vqvae.plain_steps": 1, "vqvae.kmeans_vectors": 1024}
        for stage, batch, precision, graphs in SMALL_SPEEDS if small else SPEEDS:
            settings = usual | {f"{stage}_training.batch": batch, "run.precision": precision,
                                "run.cuda_graphs": str(graphs).lower()}
            if stage == "prior":
                settings |= {"vqvae_training.steps": 2, "vqvae_training.batch": 8, "vqvae_training.warmup_steps": 1}
            what = f"{stage}, {batch} clips, {precision}{', graphs' if graphs else ''}"
            if self.until - time.monotonic() < 10:
                raise NoTimeLeft(what)
            try:
                rate = self.steps_per_second(stage, config, settings)
                self.note("speed", what, f"{rate:.3g} steps/s, {rate * batch:.4g} clips/s")
            except Failed as error:
                self.note("speed", what, " ".join(str(error).split())[-200:], False)

    def pytorch(self):
        """A training step beside that of the PyTorch mirror, eager and compiled, in turns."""
        program, mirror = self.options.bin / "training_steps", DATA / "benchmarks/peers/training.py"
        if not program.exists() or not mirror.exists():
            return self.note("pytorch", "training steps beside PyTorch's", "not included here (bundle.sh --tests)")
        # A compilation that is killed leaves broken files behind.
        environment = {"PYTHONPATH": os.pathsep.join(python_paths()),
                       "TORCHINDUCTOR_CACHE_DIR": str(self.work / "inductor")}
        try:
            self.finish([sys.executable, "-c", "import torch, yaml"], environment)
        except Failed as error:
            return self.note("pytorch", "training steps beside PyTorch's", str(error).splitlines()[-1])
        small = self.options.small
        stages = (("vqvae", 1), ("prior", 1)) if small else (("vqvae", 64), ("prior", 256))
        for i, (stage, batch) in enumerate(stages):
            until = time.monotonic() + (self.until - time.monotonic()) / (len(stages) - i)
            words = [stage, CONFIGS / "paper.yaml", "--batch", batch, "--steps", 1 if small else 20, "--device",
                     self.options.device]
            precision = "float32" if small else "bf16"
            ours = [program, *words, "--set", f"run.precision={precision}"]
            theirs = [sys.executable, mirror, *words, "--precision", precision]
            sides = {"ours": ours, "ours, graphs": [*ours, "--set", "run.cuda_graphs=true"],
                     "ours, deterministic": [*ours, "--set", "run.deterministic=true"], "PyTorch": theirs,
                     "PyTorch, compiled": [*theirs, "--compile"]}
            took = self.in_turns("pytorch", sides, until, environment)
            for name, seconds in took.items():
                each = 1000 * seconds / (1 if small else 20)
                ratio = "" if name == "ours" or "ours" not in took else f", {seconds / took['ours']:.3g} times ours"
                self.note("pytorch", f"{stage}, {batch} clips, {precision}, {name}", f"{each:.4g} ms per step{ratio}")

    def in_turns(self, part, commands, until, environment=None, turns=5):
        """{name: median seconds} of workers (benchmarks/worker.hpp); one that fails is noted and left out."""
        logs = {name: self.work / f"log{i}" for i, name in enumerate(commands)}
        took = {name: [] for name in commands}
        ready = time.monotonic() + 0.85 * (until - time.monotonic())
        workers = {}
        try:
            for name, command in commands.items():
                with open(logs[name], "wb") as log:
                    workers[name] = Worker(self.start(list(map(str, command)), subprocess.PIPE, environment,
                                                      subprocess.PIPE, log))
            for turn in range(turns + 1):  # the first answer is that it is ready
                for name in list(took):
                    answer = workers[name].answer(ask=turn > 0, until=until if turn > 0 else ready)
                    if "error" in answer:
                        self.stop(workers[name].process, (signal.SIGKILL,))
                        self.note(part, name, f"{answer['error']}; {last_line(logs[name])}")
                        del took[name]
                    elif turn > 0:
                        took[name].append(answer["seconds"])
        finally:
            for worker in workers.values():
                self.stop(worker.process, (signal.SIGKILL,))
        return {name: statistics.median(seconds) for name, seconds in took.items() if seconds}

    def sampling(self):
        """Codes per second of batches of pieces of 4 s, from a prior of the paper's size."""
        program = self.options.bin / "sampling"
        if not program.exists():
            return self.note("sampling", "benchmarks/sampling.cpp", "not included here (bundle.sh --tests)")
        for pieces in (5, 1) if self.options.small else (1600, 256, 1, 64):
            for notes in ("plain", "notes"):
                # Large batches are on the device in either case.
                ways = {"as it chooses": "", "all on the device": "torch"}
                if pieces > 64:
                    del ways["all on the device"]
                commands = {f"{pieces} times 250 codes, {notes}, {where}":
                            ["env", f"MINET_SAMPLER={sampler}", program, pieces, 250, notes, self.options.device]
                            for where, sampler in ways.items()}
                for what, took in self.in_turns("sampling", commands, self.until).items():
                    self.note("sampling", what, f"{1000 * took:.3g} ms, {250 * pieces / took:.3g} codes/s")

    def generating(self):
        """The time that a second of sound takes, from the times of two lengths."""
        pose = next((self.work / "corpus").glob("*/pose.npy"))
        for name in ("plus", "paper"):
            model = DATA / "models" / name
            if not model.is_dir():
                self.note("generating", f"models/{name}", "not included here (bundle.sh --all-models)")
                continue
            for device in ("cpu", self.options.device):
                took = {}
                for seconds in (4, 100):
                    began = time.monotonic()
                    self.call("mi_generate", "-q", "--model", model, "--pose", pose, "--seconds", seconds, "--device",
                              device, "-o", self.work / "sampled.wav", "--force")
                    took[seconds] = time.monotonic() - began
                ms = 1000 * (took[100] - took[4]) / 96
                self.note("generating", f"models/{name}, {device}", f"{ms:.3g} ms per second of sound")

    def memory_errors(self):
        """Two steps under NVIDIA's compute-sanitizer."""
        if not shutil.which("compute-sanitizer") or self.options.device == "cpu":
            return self.note("memory errors", "compute-sanitizer", "not here")
        settings = {"vqvae_training.steps": 2, "vqvae_training.batch": 2, "vqvae_training.warmup_steps": 1,
                    "vqvae.plain_steps": 1, "vqvae.kmeans_vectors": 1024, "run.evaluate_clips": 1}
        _, command = self.new_run("tiny.yaml", self.options.device, settings, "--stage", "vqvae")
        said = self.finish(["compute-sanitizer", "--target-processes", "all", *command])
        count = re.search(r"ERROR SUMMARY: (\d+) error", said)
        self.note("memory errors", "compute-sanitizer, two steps of the VQ-VAE",
                  count.group(0) if count else said[-200:], bool(count) and count.group(1) == "0")

    def training(self):
        """Trains until the time is over; resumed if OUT has the run already."""
        seconds = self.left() - 40  # which saving may take
        if seconds < 20:
            raise NoTimeLeft("training")
        run = self.options.out / "run"
        words = ["--resume", run] if run.exists() else [self.options.train, "--run", run]
        words += ["--corpus", self.options.corpus, "--device", self.options.device]
        words += [word for setting in self.options.set for word in ("--set", setting)]
        with open(self.options.out / "training.txt", "ab") as output:
            process = self.start(self.command("mi_train", *words), output)
            try:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
            finally:
                self.stop(process)
        if (run / "model.safetensors").exists():
            self.note("training", f"the model in half precision: cat {PIECES}* > model.safetensors",
                      f"{halve(run, self.options.out / 'model')} pieces")
        lines = metrics_of(run)
        self.note("training", "as far as it came; training.txt has its messages",
                  f"{lines[-1]['stage']} step {lines[-1]['step']}" if lines else "nothing", bool(lines))


def metrics_of(run):
    """The whole lines of metrics.jsonl so far."""
    try:
        text = (run / "metrics.jsonl").read_text()
    except OSError:
        return []
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def losses_of(run):
    return [line["loss"] for line in metrics_of(run) if "loss" in line]


def halve(run, out):
    """Writes the run's model into `out`, as float16 but for the codebook, in pieces; returns their number."""
    out.mkdir(exist_ok=True)
    shutil.copy(run / "config.yaml", out)
    whole = (run / "model.safetensors").read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header, data, parts, at = json.loads(whole[8:8 + size]), memoryview(whole)[8 + size:], [], 0
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        part = data[slice(*entry["data_offsets"])]
        if entry["dtype"] == "F32" and name != "vqvae.quantizer.codes":
            part, entry["dtype"] = b"".join(half_of(part[i:i + 2 ** 20]) for i in range(0, len(part), 2 ** 20)), "F16"
        entry["data_offsets"] = [at, at + len(part)]
        at += len(part)
        parts.append(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    whole = b"".join([len(text).to_bytes(8, "little"), text, *parts])
    for old in out.glob(PIECES + "*"):
        old.unlink()
    for i in range(0, len(whole), PIECE):
        (out / f"{PIECES}{i // PIECE:02}").write_bytes(whole[i:i + PIECE])
    return len(list(out.glob(PIECES + "*")))


def half_of(floats):
    """float32 to float16; what is too large becomes infinite, as in torch."""
    values = memoryview(floats).cast("B").cast("f").tolist()
    return struct.pack(f"<{len(values)}e", *(math.copysign(math.inf, x) if abs(x) >= 65520 else x for x in values))


def python_paths():
    """Where Python finds torch, if MINET_TORCH names it, and what the bundle brings."""
    named = os.environ.get("MINET_TORCH")
    return ([str(pathlib.Path(named).parent)] if named else []) + [str(DATA / "python")]


def last_line(path):
    lines = path.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def listed(text):
    """The names of tests, from what --gtest_list_tests prints."""
    names, suite = [], ""
    for line in text.splitlines():
        if line.startswith("  "):
            names.append(suite + line.split()[0])
        elif line.endswith("."):
            suite = line
    return names


def relative(a, b):
    return abs(a - b) / max(abs(a), abs(b), 1e-6)


def numbers_of(tree, name=""):
    """{path: number} of a JSON object; times are left out."""
    if isinstance(tree, dict):
        return {path: number for key, value in tree.items() if "second" not in str(key)
                for path, number in numbers_of(value, f"{name}.{key}".lstrip(".")).items()}
    if isinstance(tree, list):
        return numbers_of(dict(enumerate(tree)), name)
    return {name: tree} if isinstance(tree, (int, float)) and not isinstance(tree, bool) else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder for the results")
    parser.add_argument("--bin", type=pathlib.Path, help="folder of the programs",
                        default=HERE.parents[1] / "bin" if BUNDLED else HERE.parent / "build/release/bin")
    parser.add_argument("--device", default="cuda", help="cuda or cuda:N; cpu tries this script itself")
    parser.add_argument("--minutes", type=float, default=9, help="time limit of everything together")
    parser.add_argument("--seconds", type=float, default=5, help="measured for each speed")
    parser.add_argument("--only", nargs="+", metavar="PART", choices=list(PARTS),
                        help="these parts only: " + ", ".join(PARTS))
    parser.add_argument("--small", action="store_true", help="the tiny preset and a tiny corpus, for a CPU")
    parser.add_argument("--train", type=pathlib.Path, metavar="CONFIG", help="then train this until the time is over")
    parser.add_argument("--corpus", type=pathlib.Path, help="the corpus for --train")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for --train")
    options = parser.parse_args()
    if (options.train is None) != (options.corpus is None):
        parser.error("--train and --corpus go together")
    if not (options.bin / "mi_train").exists():
        parser.error(f"--bin: expected mi_train in {options.bin}; build it first (scripts/setup.sh)")
    options.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # ends what it started
    with tempfile.TemporaryDirectory(prefix="minet-gpu-") as work:
        check = Check(options, pathlib.Path(work))
        for name, limit in PARTS.items():
            wanted = options.only is None or name in options.only or name == "corpus"
            if name == "training":
                wanted = options.train is not None
            if wanted:
                check.run_part(name, limit, getattr(check, name))
            if name == "corpus" and not (check.work / "corpus").is_dir():
                break
    failed = [row for row in check.rows if row["good"] is False]
    print(f"{len(failed)} failed; the results are in {options.out / 'gpu_check.md'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
