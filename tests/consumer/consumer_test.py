#!/usr/bin/env python3
"""Installs minet to a new prefix and uses it from there: the programs without the clone, and the libraries in an
external project.

Usage: consumer_test.py BUILD_FOLDER LIBTORCH_ROOT [unittest arguments]
"""
import os
import pathlib
import shlex
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))
import support  # noqa: E402

PROGRAMS = ("mi_prepare", "mi_train", "mi_generate", "mi_eval", "mi_video", "mi_live")
# In a separate mount namespace: torch mounted at $2, and the clone ($3) empty.
WITHOUT_CLONE = 'mount --bind "$1" "$2" && mount -t tmpfs none "$3" && shift 3 && exec "$@"'


class Consumer(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.place = cls.class_folder()
        cls.prefix = cls.place / "prefix"
        cls.quietly("cmake", "--install", cls.build_folder, "--prefix", cls.prefix)

    @classmethod
    def quietly(cls, *command, **options):
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=800,
                                stdin=subprocess.DEVNULL, check=False, **options)
        if result.returncode != 0:
            raise AssertionError(f"{command}: {result.stdout[-3000:]}{result.stderr[-3000:]}")
        return result.stdout

    def start(self, program, *arguments, **environment):
        """Runs an installed program without MINET_TORCH in the environment."""
        clean = {name: value for name, value in os.environ.items() if name != "MINET_TORCH"} | environment
        return subprocess.run([str(self.prefix / "bin" / program), *map(str, arguments)], capture_output=True,
                              text=True, timeout=100, stdin=subprocess.DEVNULL, check=False, env=clean)

    def test_nothing_installed_names_the_build_machine(self):
        for file in (*self.prefix.rglob("*.cmake"), *self.prefix.rglob("*.pc")):
            self.assertNotIn(str(support.SOURCE), file.read_text(), f"{file.name} names the build machine's folder")
        for program in (self.prefix / "bin/mi_prepare", *(self.prefix / "libexec/minet" / p for p in PROGRAMS[1:])):
            dynamic = self.quietly("readelf", "-d", program)
            self.assertNotIn(str(support.SOURCE), dynamic)
            self.assertNotIn("site-packages", dynamic)

    def test_users_find_what_they_need(self):
        for name in ("share/minet/configs/tiny.yaml", "share/minet/models/plus/model.safetensors",
                     "share/doc/minet/LICENSE", "share/doc/minet/copyright", "lib/pkgconfig/minet.pc",
                     "share/man/man1/mi_generate.1", "share/bash-completion/completions/mi_prepare",
                     "share/zsh/vendor-completions/_mi_eval",
                     "include/minet/core/version.hpp"):
            self.assertTrue((self.prefix / name).is_file(), name)
        for room in ("video", "live"):  # they are in the programs, not in the libraries
            self.assertFalse((self.prefix / "include/minet" / room).exists(), room)

    def test_programs_find_torch(self):
        torch = pathlib.Path(self.libtorch_root)
        for program in PROGRAMS:
            self.assertIn("mi_", self.start(program, "--version").stdout)
        wrong = self.start("mi_generate", "--version", MINET_TORCH=self.prefix)
        self.assertEqual((1, 1), (wrong.returncode, len(wrong.stderr.splitlines())))
        self.assertIn("mi_generate: MINET_TORCH: expected", wrong.stderr)
        link = self.prefix / "lib/minet/torch"
        link.unlink()
        try:
            gone = self.start("mi_train", "--version", PATH="/nowhere:/usr/bin:/bin", PYTHONHOME="/nowhere")
            self.assertEqual((1, 1), (gone.returncode, len(gone.stderr.splitlines())), gone.stderr)
            self.assertIn("minet-get-torch", gone.stderr)
            self.assertEqual(0, self.start("mi_train", "--version", MINET_TORCH=torch).returncode)
        finally:
            link.symlink_to(torch)

    def test_programs_run_without_the_clone(self):
        torch = self.place / "site-packages"
        torch.mkdir()
        inside = ("unshare", "-m", "sh", "-c", WITHOUT_CLONE, "sh", pathlib.Path(self.libtorch_root).parent, torch,
                  support.SOURCE)
        if subprocess.run([*map(str, inside), "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("mounting is not allowed here")
        support.write_npy(self.place / "pose.npy", (50, support.JOINTS, 3))
        out = self.place / "out.wav"
        self.quietly(*inside, self.prefix / "bin/mi_generate", "--model", self.prefix / "share/minet/models/plus",
                     "--pose", self.place / "pose.npy", "-o", out, "--threads", 1,
                     env=os.environ | {"MINET_TORCH": str(torch / "torch")})
        self.assertGreater(out.stat().st_size, 50_000)

    def test_an_outside_project_finds_links_and_runs(self):
        build = self.place / "build"
        self.quietly("cmake", "-S", HERE, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                     "-DCMAKE_BUILD_TYPE=Release")
        self.quietly("cmake", "--build", build)
        self.assertIn("63 frames", self.quietly(build / "base_consumer"))
        self.assertIn("12800 samples", self.quietly(build / "full_consumer"))
        self.check_pkg_config(build)

    def check_pkg_config(self, build):
        def flags(*what):
            return shlex.split(self.quietly("pkg-config", *what, env=os.environ | {
                "PKG_CONFIG_PATH": str(self.prefix / "lib/pkgconfig")}))

        base, full = self.place / "base", self.place / "full"
        self.quietly("g++", HERE / "base.cpp", "-o", base, *flags("--cflags", "--libs", "minet-base"))
        self.assertIn("63 frames", self.quietly(base))
        compiled = next(build.rglob("full.cpp.o"))  # reused, because LibTorch's headers take long to compile
        self.quietly("g++", compiled, "-o", full, *flags("--libs", "minet"))
        self.assertIn("12800 samples", self.quietly(full))
        self.assertIn("-isystem", flags("--cflags", "minet"))

    def test_another_torch_may_be_named(self):
        def configure(name, *arguments):
            return subprocess.run(["cmake", "-S", HERE, "-B", self.place / name, "-G", "Ninja",
                                   f"-DCMAKE_PREFIX_PATH={self.prefix}", *arguments], capture_output=True, text=True,
                                  timeout=100, check=False)

        self.assertEqual(0, configure("named", f"-DMINET_TORCH={self.libtorch_root}").returncode)
        wrong = configure("wrong", "-DMINET_TORCH=/nowhere")
        self.assertNotEqual(0, wrong.returncode)
        self.assertIn("MINET_TORCH", wrong.stderr)
        newer = self.place / "newer"  # binary incompatible
        for name in ("include/ATen/ATen.h", "include/torch/csrc/api/include/torch/torch.h", "lib/libtorch_cpu.so",
                     "lib/libc10.so", "include/torch/headeronly/version.h"):
            (newer / name).parent.mkdir(parents=True, exist_ok=True)
            (newer / name).write_text("#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 99\n"
                                      "#define TORCH_VERSION_PATCH 0\n")
        refused = configure("refused", f"-DMINET_TORCH={newer}")
        self.assertNotEqual(0, refused.returncode)
        self.assertIn("2.99.0", refused.stderr)
        self.assertEqual(0, configure("only_base", "-DMINET_TORCH=/nowhere", "-DPARTS=base").returncode)


if __name__ == "__main__":
    support.main(["build_folder", "libtorch_root"], __doc__)
