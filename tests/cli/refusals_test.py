#!/usr/bin/env python3
"""Impossible requests are refused before the work starts, in one sentence, and no file takes memory out of proportion
to its size.

Usage: refusals_test.py MI_PREPARE MI_GENERATE [unittest arguments]
"""
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import files_test as made
import support
from files_test import ffmpeg, holistic, openpose, person, player, with_confidence

PLUS = support.SOURCE / "models/plus"
# docs/keypoints.md: memory beyond that for a file of a few seconds.
MEGABYTES, PER_BYTE = 64, 1000


class Case(made.Case):
    def peak(self, *arguments, program=None):
        """Exit code, stderr, and the peak resident memory in MB."""
        errors = self.folder.parent / (self.folder.name + "-stderr")
        self.addCleanup(lambda: errors.unlink(missing_ok=True))
        with open(errors, "w") as file:
            process = subprocess.Popen([program or self.program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=file)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, errors.read_text(), usage.ru_maxrss / 1024


class Memory(Case):
    """A tiny file takes little memory, whatever times or numbers it names."""

    def assert_little(self, path, *arguments, **options):
        code, errors, megabytes = self.peak(*arguments, **options)
        self.assertIn(code, (0, 2), errors)
        size = sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size
        self.assertLess(megabytes, MEGABYTES + PER_BYTE * size / 2**20, path.name)
        return errors

    def keypoints(self, path, *options):
        out = self.folder / "player.npy"
        out.unlink(missing_ok=True)
        return self.assert_little(path, "pose", path, "-o", out, *options)

    def test_keypoints_hours_apart(self):
        frame = with_confidence(player(0))
        apart = holistic([frame, frame])
        apart["frames"][1].update(frame=10_000, time_s=14_000.0)
        errors = self.keypoints(self.write("apart.json", apart))
        self.assertIn("expected keypoints without a pause of more than 10 min", errors)
        sparse = holistic([frame] * 26, time=lambda i: i * 500.0)
        for i, entry in enumerate(sparse["frames"]):
            entry["frame"] = 200 * i
        self.assertIn("expected at least one frame of keypoints per second", self.keypoints(self.write("sparse.json", sparse)))

    def test_numbers_far_apart_in_every_format(self):
        frame = with_confidence(player(0))
        far = 19_990
        self.keypoints(self.openpose_folder("op", [(0, openpose(frame)), (far, openpose(frame))]), "--fps", "1")
        body = made.flat(made.wholebody(frame))
        entries = [{"image_id": f"{i}.jpg", "category_id": 1, "keypoints": body, "score": 2.0} for i in (0, far)]
        self.keypoints(self.write("alphapose.json", [person(i, points=frame) for i in (0, far)]), "--fps", "1")
        self.keypoints(self.write("wholebody.json", entries), "--fps", "1")
        self.keypoints(self.write("dlc.csv", made.deeplabcut([("0", 0), (str(far), 0)])), "--fps", "1")
        rows = "".join(f"{i},{i * 0.7},1600,900,pose,{p},0.{p + 1:02d},0.5,0.9\n" for i in (0, far) for p in range(33))
        self.keypoints(self.write("mediapipe.csv", "frame,time_s,width,height,part,point,x,y,confidence\n" + rows))

    def test_notes_hours_apart(self):
        late = b"\0\xff\x03\4late\x00\x90\x3c\x50\x60\x80\x3c\0\xff\xff\xff\x7f\x90\x3e\x50\x60\x80\x3e\0\0\xff\x2f\0"
        midi = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 1) + b"MTrk" + struct.pack(">I", len(late)) + late
        listed = "onset_s,duration_s,pitch\n0,0.5,60\n1e9,0.5,62\n"
        for path in (self.write("late.mid", midi), self.write("late.csv", listed),
                     self.write("long.csv", listed.replace("1e9,0.5", "14000,1e9"))):
            (self.folder / "notes.csv").unlink(missing_ok=True)
            self.assert_little(path, "notes", path, "-o", self.folder / "notes.csv")


class Late(Case):
    """Whatever would fail at the end is refused at the start, even before the missing model is looked for."""

    def setUp(self):
        super().setUp()
        write = support.write_npy
        write(self.folder / "pose.npy", (50, support.JOINTS, 3))
        (self.folder / "folder.wav").mkdir()

    def generates(self, output, *more, **options):
        return self.assert_fails("--model", self.folder / "no-model", "--pose", self.folder / "pose.npy", "-o", output,
                                 "--force", *more, program=self.mi_generate, **options)

    def test_generate_writes_where_it_can(self):
        self.assertIn("folder.wav is a folder", self.generates(self.folder / "folder.wav"))
        self.assertRegex(self.generates("/proc/self/out.wav", code=1), "out.wav")
        self.assertIn("at most 255 bytes", self.generates(self.folder / ("a" * 252 + ".wav")))

    def test_generate_with_a_video_needs_ffmpeg(self):
        (self.folder / "film.mp4").write_bytes(b"film")
        said = self.generates(self.folder / "out.wav", "--video", self.folder / "film.mp4",
                              env={**os.environ, "PATH": str(self.folder)})
        self.assertIn("expected the program ffmpeg", said)


class OutOfMemory(Case):
    """ulimit -v: one sentence and exit code 1, whether libraries load, options are read or work is done."""

    def assert_said(self, megabytes, program, *arguments):
        limit = megabytes << 20
        result = subprocess.run(
            [program, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
            preexec_fn=lambda: (resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
                                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))))
        where = f"{pathlib.Path(program).name} with {megabytes} MB: {result.returncode} {result.stderr[-500:]}"
        errors = result.stderr.splitlines()
        if result.returncode == 127:  # the dynamic loader failed before the program started
            self.assertIn("error while loading shared libraries", result.stderr, where)
        elif result.returncode != 0:
            self.assertEqual(result.returncode, 1, where)
            sentences = [line for line in errors if line.startswith(pathlib.Path(program).name + ": ")]
            self.assertEqual(len(sentences), 1, where)
            self.assertEqual(errors[-1], sentences[0], where)
            self.assertIn("there is not enough memory", sentences[0], where)
        return result.returncode

    def test_at_start_up(self):
        for program in (self.mi_prepare, self.mi_generate):
            codes = [self.assert_said(megabytes, program, "--version") for megabytes in (16, 350, 390, 430, 3000)]
            self.assertEqual(codes[-1], 0)
            if program != self.mi_prepare:
                self.assertIn(1, codes)

    def test_at_work(self):
        support.write_npy(self.folder / "long.npy", (90_000, support.JOINTS, 3))
        self.assertEqual(self.assert_said(120, self.mi_prepare, "pose", self.folder / "long.npy", "-q", "-o",
                                          self.folder / "out.npy"), 1)
        codes = set()
        for megabytes in (480, 560, 640, 720):
            codes.add(self.assert_said(megabytes, self.mi_generate, "-q", "--threads", "1", "--model", PLUS, "--pose",
                                       self.folder / "long.npy", "--seconds", "4", "--force", "-o",
                                       self.folder / "out.wav"))
        self.assertIn(1, codes)
        self.assertEqual([name for name in self.names() if "partial" in name], [])


class Sentences(Case):
    def test_a_seed_is_no_negative_number(self):
        for program, *command in ((self.mi_prepare, "orchestra", "--out", "o"), (self.mi_prepare, "folder", "--table", "t", "--out", "o"),
                                  (self.mi_generate, "-o", "a.wav")):
            for seed in ("-1", "1.5", "18446744073709551616"):
                said = self.assert_fails(*command, f"--seed={seed}", program=program, cwd=self.folder)
                self.assertIn("expected a whole number from 0 to 18446744073709551615", said)

    def test_a_long_name_is_a_name(self):
        support.write_npy(self.folder / "pose.npy", (50, support.JOINTS, 3))
        for length in (244, 255):
            name = "ä" * ((length - 4) // 2) + "a" * ((length - 4) % 2) + ".npy"
            self.assert_works("-q", "pose", self.folder / "pose.npy", "-o", self.folder / name)
            self.assertTrue((self.folder / name).is_file())
        self.assert_works("-q", "orchestra", "--tracks", "1", "--seconds", "5", "--sound", "additive", "--no-mix", "--out",
                          self.folder / ("o" * 240))
        self.assertIn("at most 255 bytes", self.assert_fails("pose", self.folder / "pose.npy", "-o",
                                                             self.folder / ("a" * 256)))
        long = self.folder / ("a" * 300)
        for program, *command in ((self.mi_prepare, "folder", "--table", long, "--out", long),
                                  (self.mi_prepare, "check", long), (self.mi_prepare, "pose", long, "-o", "a.npy"),
                                  (self.mi_generate, "--model", long, "--pose", long, "-o", str(long) + ".wav")):
            said = self.assert_fails(*command, program=program, cwd=self.folder)
            for library in ("filesystem", "unexpectedly", "std::"):
                self.assertNotIn(library, said)

    def test_a_message_is_no_longer_than_a_page(self):
        result = self.run_program("pose", "x" * 100_000, "-o", self.folder / "out.npy")
        self.assertEqual(result.returncode, 2)
        self.assertLess(len(result.stderr), 5000)
        self.assertIn("bytes left out]", result.stderr)

    def test_a_name_does_not_steer_the_terminal(self):
        support.write_npy(self.folder / "\x1b[31mred.npy", (50, support.JOINTS, 3))
        red = self.folder / "\x1b[31mred.npy"
        for program, *command in ((self.mi_prepare, "pose", red, "-o", self.folder / "\x1b[31mout.npy"),
                                  (self.mi_generate, "--model", PLUS, "--threads", "1", "--pose", red, "--seconds", "1", "-o",
                                   self.folder / "\x1b[31mout.wav")):
            result = self.run_program(*command, program=program)
            self.assertNotIn("\x1b", result.stdout + result.stderr)
            self.assertIn("\\x1b[31m", result.stdout + result.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody who may not read")
    def test_what_may_not_be_read_is_said_to_be_that(self):
        self.folder.chmod(0o755)
        support.write_npy(self.folder / "pose.npy", (50, support.JOINTS, 3))
        (self.folder / "pose.npy").chmod(0)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []}
        try:
            subprocess.run([self.mi_prepare, "--version"], check=True, capture_output=True, **nobody)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("the program is not readable for others")
        for options in ([], ["--format", "npy"], ["--format", "solos"]):
            self.assert_fails("pose", self.folder / "pose.npy", "-o", "/dev/shm/out.npy", *options, **nobody,
                              says=["cannot read ", "pose.npy: Permission denied"])

    def test_no_folder_for_temporary_files(self):
        ffmpeg("-f", "lavfi", "-i", "sine=duration=2", self.folder / "take.m4a")
        support.write_npy(self.folder / "pose.npy", (50, support.JOINTS, 3))
        said = self.assert_fails("folder", "--table", self.table("take.m4a,pose.npy"), "--out", self.folder / "corpus", code=1,
                                 env={**os.environ, "TMPDIR": str(self.folder / "none")})
        self.assertIn("TMPDIR", said)
        self.assertNotIn("filesystem", said)

    def test_a_configuration_that_is_not_the_models(self):
        shutil.copytree(PLUS, self.folder / "model")
        support.write_npy(self.folder / "pose.npy", (50, support.JOINTS, 3))
        config = self.folder / "model/config.yaml"
        words = config.read_text()

        def warnings():
            result = self.assert_works("--model", self.folder / "model", "--threads", "1", "--pose", self.folder / "pose.npy",
                                       "--seconds", "1", "--force", "-o", self.folder / "out.wav", program=self.mi_generate)
            return [line for line in result.stderr.splitlines() if "config.yaml" in line]
        self.assertEqual(warnings(), [])
        self.assertIn("hop: 256", words)
        config.write_text(words.replace("hop: 256", "hop: 200"))
        self.assertEqual(len(warnings()), 1)
        self.assertIn("spectrogram.hop: 200, not 256", warnings()[0])


if __name__ == "__main__":
    support.main(["mi_prepare", "mi_generate"], __doc__)
