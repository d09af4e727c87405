#!/usr/bin/env python3
"""Installs minet to a new place and uses it from an outside project.

Usage: consumer_test.py BUILD_FOLDER LIBTORCH_ROOT [unittest arguments]
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import support  # noqa: E402


class Consumer(unittest.TestCase):
    def run_quietly(self, *command):
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=800)
        self.assertEqual(result.returncode, 0, result.stdout[-3000:] + result.stderr[-3000:])
        return result.stdout

    def test_an_outside_project_finds_links_and_runs(self):
        with tempfile.TemporaryDirectory(prefix="minet-consumer-") as name:
            folder = pathlib.Path(name)
            prefix, build = folder / "prefix", folder / "build"
            self.run_quietly("cmake", "--install", support.Case.build_folder, "--prefix", prefix)
            for file in prefix.rglob("*.cmake"):
                self.assertNotIn(str(support.SOURCE), file.read_text(), f"{file.name} names the build machine's folder")
            for program in ("mi_prepare", "mi_train", "mi_generate", "mi_eval"):
                self.assertIn(program, self.run_quietly(prefix / "bin" / program, "--version"))
            self.run_quietly("cmake", "-S", HERE, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                             f"-DLibTorch_ROOT={support.Case.libtorch_root}", "-DCMAKE_BUILD_TYPE=Release")
            self.run_quietly("cmake", "--build", build)
            self.assertIn("63 frames", self.run_quietly(build / "base_consumer"))
            self.assertIn("12800 samples", self.run_quietly(build / "full_consumer"))


if __name__ == "__main__":
    support.main(["build_folder", "libtorch_root"], __doc__)
