#!/usr/bin/env python3
"""Makes the Debian packages, unpacks them and runs what is in them.

Usage: packages_test.py BUILD_FOLDER LIBTORCH_ROOT [unittest arguments]
"""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import support  # noqa: E402


@unittest.skipUnless(shutil.which("dpkg-shlibdeps"), "no dpkg-dev")
class Packages(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.place = cls.class_folder()
        # A relative folder is one of the caller's.
        cls.output(support.SOURCE / "scripts/package.sh", cls.place.name, cwd=cls.place.parent,
                   env=os.environ | {"MINET_BUILD": str(cls.build_folder)})
        cls.minet, = cls.place.glob("minet_*.deb")
        cls.development, = cls.place.glob("libminet-dev_*.deb")
        for package in (cls.minet, cls.development):
            cls.output("dpkg-deb", "-x", package, cls.place / "root")
        cls.root = cls.place / "root/usr"

    @staticmethod
    def output(*command, **options):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300,
                              check=False, **options)
        if done.returncode != 0:
            raise AssertionError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def test_what_they_depend_on(self):
        depends = self.output("dpkg-deb", "-f", self.minet, "Depends")
        for library in ("libc6", "libsndfile1", "libopencv-videoio406", "libfftw3-single3"):
            self.assertIn(library, depends)
        self.assertNotIn("torch", depends)
        self.assertIn("minet (= ", self.output("dpkg-deb", "-f", self.development, "Depends"))

    def test_what_is_in_them(self):
        for name in ("bin/mi_live", "bin/minet-get-torch", "share/minet/models/plus/model.safetensors",
                     "share/man/man1/mi_train.1", "share/doc/minet/copyright", "lib/libminet.a",
                     "share/doc/minet/examples/play.cpp"):
            self.assertTrue((self.root / name).exists(), name)
        self.assertFalse((self.root / "lib/minet").exists(), "torch of this machine")

    def test_they_run(self):
        pose, out = self.place / "pose.npy", self.place / "out.wav"
        support.write_npy(pose, (50, support.JOINTS, 3))
        self.output(self.root / "bin/mi_prepare", "--version")
        self.output(self.root / "bin/mi_generate", "--model", self.root / "share/minet/models/plus", "--pose", pose,
                    "-o", out, "--threads", 1, env=os.environ | {"MINET_TORCH": str(self.libtorch_root)})
        self.assertGreater(out.stat().st_size, 50_000)


if __name__ == "__main__":
    support.main(["build_folder", "libtorch_root"], __doc__)
