"""Shared by the tests of the programs: running a program, and what must hold when it fails.

Standard library only. Real data is used in place from MINET_SHARED_DATA, or from ../shared/data beside
the source folder; tests that need it skip without it.
"""
import array
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
JOINTS = 47
# Trains each network for seconds: they learn nothing, but all of them exist.
QUICK_TRAINING = [word for setting in (
    "vqvae_training.steps=24", "vqvae_training.warmup_steps=4", "vqvae_training.batch=4", "vqvae.channels=32",
    "vqvae.plain_steps=6", "vqvae.kmeans_vectors=3000", "prior_training.steps=6", "prior_training.warmup_steps=2",
    "prior_training.batch=4", "baseline_training.steps=6", "baseline_training.warmup_steps=2",
    "baseline_training.batch=4", "synthesiser_training.steps=6", "synthesiser_training.warmup_steps=2",
    "synthesiser_training.batch=4", "controls_training.steps=6", "controls_training.warmup_steps=2",
    "controls_training.batch=4", "run.log_every=2", "run.evaluate_every=6", "run.evaluate_clips=2",
) for word in ("--set", setting)]
SHORT_CLIPS = ["--set", "data.clip_seconds=2"]  # of the 9 s of small_corpus


def shared_data():
    named = os.environ.get("MINET_SHARED_DATA")
    folder = pathlib.Path(named) if named else SOURCE.parent / "shared" / "data"
    return folder if folder.is_dir() else None


def write_wav(path, seconds, rate=16000, amplitude=0.3, hz=440.0):
    samples = array.array("h", (
        int(32767 * amplitude * math.sin(2 * math.pi * hz * i / rate))
        for i in range(int(seconds * rate))))
    data = samples.tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1,
                         rate, rate * 2, 2, 16, b"data", len(data))
    path.write_bytes(header + data)


def write_npy(path, shape, value=0.5):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }" % (
        ", ".join(map(str, shape)) + ("," if len(shape) == 1 else ""))
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    count = math.prod(shape)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                     array.array("f", [value + (i * 7919 % 101) for i in range(count)]).tobytes())


def read_npy(path):
    """[frames, 47, 3] as nested lists."""
    data = path.read_bytes()
    size, = struct.unpack_from("<H", data, 8)
    values = array.array("f", data[10 + size:])
    step = 3 * JOINTS
    return [[list(values[f + 3 * j:f + 3 * j + 3]) for j in range(JOINTS)] for f in range(0, len(values), step)]


class Case(unittest.TestCase):
    program = None  # the one under test, unless a test names another

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="minet-cli-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    @classmethod
    def class_folder(cls):
        """A folder for all tests of the class; call it from setUpClass."""
        holder = tempfile.TemporaryDirectory(prefix=f"minet-{cls.__name__.lower()}-")
        cls.addClassCleanup(holder.cleanup)
        return pathlib.Path(holder.name)

    @classmethod
    def small_corpus(cls, folder, tracks=31):
        """FOLDER/corpus: tracks of 9 s with notes (31: of every instrument); needs mi_prepare."""
        players, corpus = folder / "players", folder / "corpus"
        subprocess.run([cls.mi_prepare, "-q", "orchestra", "--out", players, "--tracks", str(tracks), "--seconds", "9",
                        "--sound", "additive", "--no-mix"], check=True, timeout=300)
        subprocess.run([cls.mi_prepare, "-q", "folder", "--table", players / "tracks.csv", "--out", corpus],
                       check=True, timeout=300)
        return corpus

    def run_program(self, *arguments, program=None, **options):
        return subprocess.run([program or self.program, *map(str, arguments)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=300, check=False, **options)

    def files(self, folder):
        """{path relative to the folder: content}"""
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def names(self):
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*"))

    def stamp(self, name):
        path = self.folder / name
        return path.read_bytes() if path.is_file() and path.name != ".lock" else None  # .lock names a process

    def assert_fails(self, *arguments, code=2, says=(), program=None, **options):
        """The program fails with one line on stderr that says what is wrong; no file appears, vanishes or changes."""
        before = {name: self.stamp(name) for name in self.names()}
        result = self.run_program(*arguments, "--quiet", program=program, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        name = pathlib.Path(program or self.program).name
        self.assertTrue(lines[0].startswith(name + ": "), lines[0])
        self.assertTrue(lines[0].endswith("."), lines[0])
        self.assertEqual(result.stdout, "")
        for part in says:
            self.assertIn(part, lines[0])
        self.assertEqual({name: self.stamp(name) for name in self.names()}, before)
        return lines[0]

    def assert_works(self, *arguments, program=None, **options):
        result = self.run_program(*arguments, program=program, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([n for n in self.names() if "partial" in n], [])
        return result


def main(programs, usage):
    """Runs the calling script's tests; its first arguments are paths of `programs`.

    With GTEST_OUTPUT=xml:FOLDER/ set, as scripts/test.sh does, the counts go to FOLDER/SCRIPT.json.
    """
    if len(sys.argv) <= len(programs):
        sys.exit(usage)
    paths = [os.path.abspath(path) for path in sys.argv[1:len(programs) + 1]]
    Case.program = paths[0]
    for name, path in zip(programs, paths):
        setattr(Case, name, path)
    run = unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[len(programs) + 1:]], exit=False)
    result = run.result
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    output = os.environ.get("GTEST_OUTPUT", "")
    if output.startswith("xml:") and output.endswith("/"):
        counts = {"passed": result.testsRun - failed - skipped, "failed": failed, "skipped": skipped}
        path = pathlib.Path(output[4:]) / (pathlib.Path(sys.argv[0]).stem + ".json")
        path.write_text(json.dumps(counts))
    sys.exit(1 if failed else 0)
