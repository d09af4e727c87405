#!/usr/bin/env python3
"""Builds the programs of examples/ against an installed minet, and runs them as their first lines describe.

Usage: examples_test.py BUILD_FOLDER MI_PREPARE [unittest arguments]
"""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import support  # noqa: E402

EXAMPLES = support.SOURCE / "examples"


class Examples(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.place = cls.class_folder()
        cls.build, prefix = cls.place / "build", cls.place / "prefix"
        cls.models = prefix / "share/minet/models"
        cache = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        for command in (["cmake", "--install", cls.build_folder, "--prefix", prefix],
                        ["cmake", "-S", EXAMPLES, "-B", cls.build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                         "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON", *cache],
                        ["cmake", "--build", cls.build]):
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=800,
                                  check=False)
            if done.returncode != 0:
                raise AssertionError(done.stdout[-3000:] + done.stderr[-3000:])
        support.write_npy(cls.place / "pose.npy", (50, support.JOINTS, 3))

    def program(self, name, *arguments):
        return self.run_program(*arguments, program=str(self.build / name))

    def test_they_are_short(self):
        sources = sorted(EXAMPLES.glob("*.cpp"))
        self.assertEqual(["metric", "play", "train"], [path.stem for path in sources])
        for path in sources:
            self.assertLess(len(path.read_text().splitlines()), 60, path.name)

    def test_play(self):
        for model in ("plus", "paper"):
            out = self.folder / f"{model}.wav"
            done = self.program("play", self.models / model, self.place / "pose.npy", out)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertGreater(out.stat().st_size, 50_000)
            self.assertTrue(out.with_suffix(".json").is_file())
        self.assertEqual(2, self.program("play", self.models, self.folder / "gone.npy", out).returncode)

    def test_train_and_play_what_it_learnt(self):
        done = self.program("train", self.folder / "own.safetensors")
        self.assertEqual(0, done.returncode, done.stderr)
        losses = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("prior")]
        self.assertLess(losses[-1], 0.8 * losses[0])
        done = self.program("play", self.folder / "own.safetensors", self.place / "pose.npy", self.folder / "own.wav")
        self.assertEqual(0, done.returncode, done.stderr)

    def test_metric(self):
        done = self.program("metric", self.models / "paper", self.small_corpus(self.folder))
        self.assertEqual(0, done.returncode, done.stderr)
        model, floor, baseline = [float(line.split()[-1]) for line in done.stdout.splitlines()[1:]]
        self.assertLess(floor, model)
        self.assertLess(model, baseline)
        self.assertEqual(2, self.program("metric", self.models / "plus", self.folder / "corpus").returncode)


if __name__ == "__main__":
    support.main(["build_folder", "mi_prepare"], __doc__)
