#!/usr/bin/env python3
"""Checks whether kills, signals, full and failing disks or little memory lose anything. See scripts/faults.sh.

Each job runs once undisturbed. Then it is disturbed, and must satisfy: files that were there before are unchanged, what
it writes is whole or absent, no temporary stays behind, and the same command run again (mi_train --resume) gives the
same bytes as the undisturbed run.
"""
import argparse
import collections
import hashlib
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import support

SOURCE = support.SOURCE
PLUS = SOURCE / "models/plus"
PAPER = SOURCE / "models/paper"
STOPS_WITHIN = 2.0  # s of the program's own CPU time
WAITS_AT_MOST = 20.0  # s until a stopped program has ended, on a busy machine
LONGEST = 900  # s of one run


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree(folder, leave_out=()):
    return {str(p.relative_to(folder)): digest(p) for p in sorted(folder.rglob("*"))
            if p.is_file() and p.name not in leave_out}


class Work:
    """A job: a command that writes `made` in a folder; run again, it resumes."""
    whole = True  # the output appears atomically, so it is whole or absent
    share = 6  # of the kill points

    def __init__(self, name, bin, inputs):
        self.name, self.bin, self.inputs = name, bin, inputs

    def begin(self, folder):
        """Creates the files that exist before the run."""

    def shorter(self):
        """The same job with fewer file operations."""
        return self

    def again(self, folder):
        return self.command(folder)

    def bytes(self, folder):
        """{name: hash} of everything that must be the same in every run."""
        made = folder / self.made
        return tree(made, leave_out=(".lock",)) if made.is_dir() else {}

    def leftovers(self, folder):
        return [p.name for p in folder.rglob("*") if ".partial" in p.name]


class Prepare(Work):
    made = "corpus"

    def command(self, folder):
        return [self.bin / "mi_prepare", "-q", "folder", "--table", self.inputs / "players/tracks.csv", "--out",
                folder / "corpus", "--threads", "1"]


class Orchestra(Work):
    made = "players"

    def command(self, folder):
        return [self.bin / "mi_prepare", "-q", "orchestra", "--out", folder / "players", "--tracks", "6", "--seconds",
                "8", "--sound", "additive", "--threads", "1"]


class Generate(Work):
    def __init__(self, name, bin, inputs, model):
        super().__init__(name, bin, inputs)
        self.model = model

    def begin(self, folder):
        for name in ("out.wav", "out.json"):
            shutil.copy(self.inputs / "older" / name, folder / name)

    def bytes(self, folder):
        return {name: digest(folder / name) for name in ("out.wav", "out.json") if (folder / name).exists()}

    def command(self, folder):
        return [self.bin / "mi_generate", "-q", "--model", self.model, "--pose", self.inputs / "pose.npy", "--seconds",
                "20" if self.model == PAPER else "8", "--threads", "1", "--force", "-o", folder / "out.wav"]


class Train(Work):
    made = "run"
    whole = False
    both = ("model.safetensors", "checkpoint.safetensors")
    settings = ("run.save_every=2",)

    def command(self, folder):
        return [self.bin / "mi_train", "-q", SOURCE / "configs/tiny.yaml", "--corpus", self.inputs / "corpus", "--run",
                folder / "run", "--threads", "1", *support.QUICK_TRAINING,
                *(word for setting in self.settings for word in ("--set", setting))]

    def shorter(self):
        short = Train("train", self.bin, self.inputs)
        short.settings = ("vqvae_training.steps=4", "vqvae.plain_steps=2", "vqvae.kmeans_vectors=1024",
                          "prior_training.steps=2", "run.save_every=2", "run.evaluate_every=2")
        return short

    def again(self, folder):
        run = folder / "run"
        if not (run / "config.yaml").exists():  # it had not started
            shutil.rmtree(run, ignore_errors=True)
            return self.command(folder)
        return [self.bin / "mi_train", "-q", "--resume", run]

    def bytes(self, folder):
        return {name: digest(folder / "run" / name) for name in self.both if (folder / "run" / name).exists()}


class Tables(Work):
    made = "tables"
    whole = False
    share = 1

    def command(self, folder):
        return [self.bin / "mi_eval", "-q", "tables", SOURCE / "configs/tiny.yaml", "--corpus", self.inputs / "many",
                "--out", folder / "tables", "--clips", "4", "--ndb-clips", "100", "--examples", "1", "--threads", "1",
                *support.QUICK_TRAINING]

    def bytes(self, folder):
        made = folder / "tables"
        return {str(p.relative_to(made)): digest(p) for p in sorted(made.glob("runs/*/model.safetensors"))
                + sorted(made.glob("table-*.csv"))}


class Tally:
    """Counts what was tried and what was lost."""

    def __init__(self):
        self.rows = collections.OrderedDict()
        self.losses = []

    def add(self, what, work, outcome, lost=(), seconds=None, detail=""):
        row = self.rows.setdefault((what, work), {"tried": 0, "outcomes": collections.Counter(), "lost": 0,
                                                  "slowest_stop_s": None})
        row["tried"] += 1
        row["outcomes"][outcome] += 1
        if seconds is not None:
            row["slowest_stop_s"] = max(seconds, row["slowest_stop_s"] or 0)
        for loss in lost:
            row["lost"] += 1
            self.losses.append(f"{what}, {work}{detail}: {loss}")
            print("LOST:", self.losses[-1], file=sys.stderr, flush=True)

    def tried(self, work):
        return sum(row["tried"] for (_, name), row in self.rows.items() if name == work)

    def table(self):
        lines = ["| what | work | tried | outcomes | slowest stop (s) | lost |", "|---|---|---|---|---|---|"]
        for (what, work), row in self.rows.items():
            outcomes = ", ".join(f"{name} {count}" for name, count in sorted(row["outcomes"].items()))
            stop = "" if row["slowest_stop_s"] is None else f"{row['slowest_stop_s']:.2f}"
            lines.append(f"| {what} | {work} | {row['tried']} | {outcomes} | {stop} | {row['lost']} |")
        return "\n".join(lines)

    def as_json(self):
        return {"rows": [{"what": what, "work": work, **row, "outcomes": dict(row["outcomes"])}
                         for (what, work), row in self.rows.items()], "losses": self.losses}


class Trial:
    """One run of a job in a new folder."""

    def __init__(self, work, expected):
        self.work, self.expected = work, expected
        self.holder = tempfile.TemporaryDirectory(prefix="minet-fault-")
        self.folder = pathlib.Path(self.holder.name)
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.before = {}

    def begin(self, folder):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.work.begin(folder)
        self.before = self.work.bytes(folder)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.cleanup()

    def environment(self, **more):
        return {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(self.temporary), **more}

    def run(self, command, limits=None, **more):
        return subprocess.run(list(map(str, command)), env=self.environment(**more), capture_output=True, text=True,
                              timeout=LONGEST, check=False, preexec_fn=limits)

    def right_after(self):
        """Violations of what must hold immediately, however the program ended."""
        if not self.work.whole:
            return []
        now = self.work.bytes(self.folder)
        lost = [f"{name} is gone" for name in self.before if name not in now]
        return lost + [f"{name} is there and is not whole" for name in now
                       if now[name] not in (self.expected.get(name), self.before.get(name))]

    def in_the_end(self):
        """Runs the job again, undisturbed, if output is missing or temporaries are left; returns what is still lost."""
        now = self.work.bytes(self.folder)
        if now != self.expected or not self.work.whole or self.work.leftovers(self.folder):
            again = self.run(self.work.again(self.folder))
            if again.returncode != 0:
                return [f"run again, it ends with {again.returncode}: {again.stderr.strip()}"]
            now = self.work.bytes(self.folder)
        lost = [f"{name} differs" for name in self.expected if now.get(name) != self.expected[name]]
        lost += [f"{name} stays behind" for name in self.work.leftovers(self.folder)]
        return lost + [f"{path.name} stays in TMPDIR" for path in self.temporary.iterdir()]


def ended(code):
    """The outcome for an exit code, and what is wrong with it."""
    if code == 0:
        return "done", []
    if code in (1, 2):
        return "refused with a sentence", []
    return f"signal {-code}" if code < 0 else f"code {code}", [f"it ended with {code}"]


def cpu_seconds(process):
    """What a running process has used."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime


def cpu_seconds_of_children():
    """What all children that have ended used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def heed_interrupts():
    """A shell's background jobs ignore SIGINT, and so would their children until they have a handler."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def kill_points(tally, works, references, count, seed):
    """SIGKILL, SIGTERM and SIGINT at uniformly random moments of each job's run time."""
    rng = random.Random(seed)
    order = [work for turn in range(6) for work in works if turn < work.share]
    for i in range(count):
        work = order[i % len(order)]
        number = (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT)[tally.tried(work.name) % 4]
        expected, seconds = references[work.name]
        delay = rng.uniform(0, seconds)
        with Trial(work, expected) as trial:
            trial.begin(trial.folder)
            others = cpu_seconds_of_children()
            process = subprocess.Popen(list(map(str, work.command(trial.folder))), env=trial.environment(),
                                       stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                                       preexec_fn=heed_interrupts)
            time.sleep(delay)
            ran = process.poll() is None
            spent = others + cpu_seconds(process) if ran else 0
            process.send_signal(number)
            began = time.monotonic()
            said = process.communicate(timeout=LONGEST)[1]
            took = time.monotonic() - began
            used = cpu_seconds_of_children() - spent
            lost = trial.right_after()
            if not ran or process.returncode == 0:
                outcome = "had ended"
                if process.returncode != 0:
                    lost.append(f"it ended with {process.returncode} by itself: {said.strip()}")
            else:
                outcome = "stopped"
                if process.returncode != -number:
                    lost.append(f"it ended with {process.returncode}: {said.strip()}")
                if number != signal.SIGKILL and (used > STOPS_WITHIN or took > WAITS_AT_MOST):
                    lost.append(f"it took {took:.1f} s to stop, {used:.1f} s of CPU time")
            lost += trial.in_the_end()
            tally.add(number.name, work.name, outcome, lost, took if number != signal.SIGKILL else None,
                      f" after {delay:.2f} s")


def operations(trial, library, kind, at=0, on=False):
    log = trial.folder / "faults.log"
    root = trial.folder / "work"
    trial.begin(root)
    result = trial.run(trial.work.command(root), LD_PRELOAD=str(library), MINET_FAULT_ROOT=str(root),
                       MINET_FAULT_KIND=kind, MINET_FAULT_AT=str(at), MINET_FAULT_ON="1" if on else "0",
                       MINET_FAULT_LOG=str(log))
    text = log.read_text() if log.exists() else ""
    counted = [int(line.split()[1]) for line in text.splitlines() if line.startswith("count ")]
    failed = [line.removeprefix("failed ") for line in text.splitlines() if line.startswith("failed ")]
    return result, counted[-1] if counted else 0, failed


def failing_operations(tally, work, reference, library, step):
    """Fails every `step`-th file operation of the job, alone or with all later ones; also short reads and writes."""
    for kind, on in (("eio", False), ("enospc", True), ("erofs", True)):
        with Trial(work, reference) as trial:
            _, total, _ = operations(trial, library, kind)
        what = {"eio": "one operation fails (EIO)", "enospc": "full disk from one operation on",
                "erofs": "read-only from one operation on"}[kind]
        for at in range(1, total + 1, step if not on else 4 * step):
            with Trial(work, reference) as trial:
                result, _, failed = operations(trial, library, kind, at, on)
                outcome, lost = ended(result.returncode)
                lost += trial.right_after()
                if result.returncode == 0 and work.whole:
                    lost += [f"{name} is missing though it ended with 0" for name in reference
                             if name not in work.bytes(trial.folder)]
                lost += trial.in_the_end()
                where = failed[0].replace(str(trial.folder), "") if failed else "nothing"
                tally.add(what, work.name, outcome, lost, detail=f" at {at} ({where}; {result.stderr.strip()})")
    with Trial(work, reference) as trial:
        result, _, _ = operations(trial, library, "short")
        outcome, lost = ended(result.returncode)
        if result.returncode != 0:
            lost.append(f"it ended with {result.returncode}: {result.stderr.strip()}")
        elif work.bytes(trial.folder) != reference:
            lost.append("the bytes differ")
        tally.add("short reads and writes", work.name, outcome, lost)


def scarce(tally, works, references):
    """Little address space, few descriptors."""
    def limit(what, value):
        return lambda: resource.setrlimit(what, (value, value))
    settings = [("memory of " + str(mb) + " MB", resource.RLIMIT_AS, mb << 20) for mb in (64, 128, 256, 512, 1024, 2048)]
    settings += [(f"{n} descriptors", resource.RLIMIT_NOFILE, n) for n in (4, 5, 6, 8, 12, 20)]
    for work in works:
        expected = references[work.name][0]
        for name, what, value in settings:
            with Trial(work, expected) as trial:
                trial.begin(trial.folder)
                result = trial.run(work.command(trial.folder), limits=limit(what, value))
                outcome, lost = ended(result.returncode)
                if result.returncode == 127:  # the dynamic loader failed
                    outcome, lost = "could not be loaded", []
                lost += trial.right_after()
                lost += trial.in_the_end()
                kind = "low memory (64 MB to 2 GB)" if what == resource.RLIMIT_AS else "4 to 20 descriptors"
                tally.add(kind, work.name, outcome, lost, detail=f", {name} ({result.stderr.strip()[-300:]})")


def all_works(bin, inputs):
    """{name: Work}; creates their inputs in the folder `inputs`."""
    def prepare(*words):
        subprocess.run([bin / "mi_prepare", "-q", *map(str, words)], check=True)
    for players, corpus, tracks in (("players", "corpus", 5), ("more-players", "many", 31)):
        prepare("orchestra", "--out", inputs / players, "--tracks", tracks, "--seconds", 9, "--sound", "additive",
                "--no-mix")
        prepare("folder", "--table", inputs / players / "tracks.csv", "--out", inputs / corpus)
    shutil.copy(next(inputs.glob("corpus/*/pose.npy")), inputs / "pose.npy")
    (inputs / "older").mkdir()
    subprocess.run([bin / "mi_generate", "-q", "--model", PLUS, "--pose", inputs / "pose.npy", "--seconds", "1",
                    "--seed", "7", "-o", inputs / "older/out.wav"], check=True)
    works = (Prepare("prepare", bin, inputs), Orchestra("orchestra", bin, inputs), Train("train", bin, inputs),
             Generate("generate", bin, inputs, PAPER), Generate("generate plus", bin, inputs, PLUS),
             Tables("tables", bin, inputs))
    return {work.name: work for work in works}


def undisturbed(work):
    """({name: hash}, seconds)"""
    with Trial(work, {}) as trial:
        trial.begin(trial.folder)
        began = time.monotonic()
        result = trial.run(work.command(trial.folder))
        seconds = time.monotonic() - began
        if result.returncode != 0:
            sys.exit(f"{work.name}, undisturbed: {result.stderr}")
        made = work.bytes(trial.folder)
        print(f"{work.name}: {seconds:.1f} s undisturbed, {len(made)} files compared", file=sys.stderr, flush=True)
        return made, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path, help="folder with the programs")
    parser.add_argument("library", type=pathlib.Path, help="the fault injector")
    parser.add_argument("kills", type=int, nargs="?", default=200, help="kill points")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=int, default=1, help="let only every STEP-th file operation fail; 0: none")
    parser.add_argument("--works", default="prepare,orchestra,train,generate,generate plus,tables",
                        help="default: %(default)s")
    parser.add_argument("--no-limits", action="store_true", help="leave out low memory and descriptors")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    bin = options.bin.resolve()

    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="minet-faults-") as holder:
        every = all_works(bin, pathlib.Path(holder))
        works = [every[name] for name in options.works.split(",")]
        references = {work.name: undisturbed(work) for work in works}
        kill_points(tally, works, references, options.kills, options.seed)
        for work in works:
            if work.name == "tables":  # takes half a minute; the other jobs cover its parts
                continue
            if options.step > 0:
                short = work.shorter()
                reference = references[work.name] if short is work else undisturbed(short)
                failing_operations(tally, short, reference[0], options.library.resolve(), options.step)
            if not options.no_limits:
                scarce(tally, [work], references)
            if options.json:
                options.json.write_text(json.dumps(tally.as_json(), indent=2) + "\n")
    print(tally.table())
    tried = sum(row["tried"] for row in tally.rows.values())
    print(f"\n{tried} tried, {len(tally.losses)} lost.")
    if options.json:
        options.json.write_text(json.dumps(tally.as_json(), indent=2) + "\n")
    sys.exit(1 if tally.losses else 0)


if __name__ == "__main__":
    main()
