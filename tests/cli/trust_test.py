#!/usr/bin/env python3
"""Outputs and processes in the face of obstacles: links, pipes, signals, kills, two processes at once.

Usage: trust_test.py MI_GENERATE MI_PREPARE MI_EVAL [unittest arguments]
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import files_test as made
import support
from files_test import ffmpeg, holistic, player, with_confidence
from support import write_npy, write_wav

PLUS = support.SOURCE / "models/plus"
PAPER = support.SOURCE / "models/paper"
STOPS_WITHIN = 2.0  # s of CPU time
NOTES = "onset_s,duration_s,pitch\n0,1,60\n"


def dead_process():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


class Case(made.Case):
    def setUp(self):
        super().setUp()
        self.pose = self.write("pose.json", holistic([with_confidence(player(i)) for i in range(30)]))

    def generate(self, *more, out="out.wav", model=PLUS):
        return ["--model", model, "--pose", self.pose, "--seconds", "1", "--threads", "1", "-o", self.folder / out, *more]


class Outputs(Case):
    def other_things(self, name):
        """Yields after creating, under this name, each kind of file that an output may not replace."""
        path, target = self.folder / name, self.folder / "target"
        target.write_text("kept")
        for make in (lambda: path.symlink_to("/proc/self/fd/1"), lambda: path.symlink_to(target),
                     lambda: path.symlink_to(self.folder / "nowhere"), lambda: path.symlink_to("/dev/null"),
                     lambda: os.mkfifo(path)):
            make()
            yield path
            path.unlink()

    def assert_refused(self, path, *arguments, program=None):
        before = os.lstat(path)
        line = self.assert_fails(*arguments, "--force", says=[path.name, "never replaced"], program=program)
        self.assertTrue("a link" in line or "a pipe" in line, line)
        now = os.lstat(path)
        self.assertEqual((before.st_ino, before.st_mode), (now.st_ino, now.st_mode))

    def test_a_link_or_a_pipe_is_not_replaced(self):
        notes = self.write("notes.csv", NOTES)
        for name, arguments, program in (
                ("out.wav", self.generate(), self.mi_generate), ("out.json", self.generate(), self.mi_generate),
                ("made.csv", ["notes", notes, "-o", self.folder / "made.csv"], self.mi_prepare),
                ("made.npy", ["pose", self.pose, "-o", self.folder / "made.npy"], self.mi_prepare),
                ("made.svg", ["pose", self.pose, "-o", self.folder / "made.npy", "--preview", self.folder / "made.svg"],
                 self.mi_prepare),
                ("orchestra", ["orchestra", "--out", self.folder / "orchestra", "--sound", "additive", "--tracks", "1"],
                 self.mi_prepare),
                ("made.html", ["check", self.folder, "--html", self.folder / "made.html"], self.mi_prepare),
                ("eval.json", ["nll", "--model", PAPER, "--corpus", self.folder, "--json", self.folder / "eval.json"],
                 self.mi_eval)):
            for path in self.other_things(name):
                with self.subTest(name=name, leads_to=os.path.realpath(path)):
                    self.assert_refused(path, *arguments, program=program)

    def test_a_link_to_a_folder_is_not_replaced_by_one(self):
        (self.folder / "real").mkdir()
        self.write("real/kept.txt", "kept")
        for name in ("corpus", "corpus.unfinished"):
            (self.folder / name).symlink_to(self.folder / "real")
            self.assert_fails("orchestra", "--out", self.folder / "corpus", "--sound", "additive", "--tracks", "1",
                              "--force", says=[name, "is a link"], program=self.mi_prepare)
            (self.folder / name).unlink()

    def test_of_two_on_one_new_output_exactly_one_succeeds(self):
        for _ in range(3):
            both = [subprocess.Popen(list(map(str, [self.mi_generate, *self.generate("--seed", seed, "--quiet")])),
                                     stderr=subprocess.PIPE, text=True) for seed in (1, 2)]
            said = [process.communicate(timeout=120)[1] for process in both]
            codes = [process.returncode for process in both]
            self.assertEqual(sorted(codes), [0, 2], said)
            loser = codes.index(2)
            self.assertRegex(said[loser], "out.wav (appeared while it was being made|exists)")
            self.assertEqual(json.loads(self.stamp("out.json"))["inputs"]["seed"], 2 - loser)
            self.assertEqual([n for n in self.names() if "partial" in n], [])
            for name in ("out.wav", "out.json"):
                (self.folder / name).unlink()

    def test_what_killed_processes_left_is_removed(self):
        dead, alive = dead_process(), os.getpid()
        left = self.write(f".old.wav.{dead}-1.partial", "left")
        ours = self.write(f".old.wav.{alive}-1.partial", "ours")
        self.run_program(*self.generate(), program=self.mi_generate)
        self.assertTrue((self.folder / "out.wav").exists())
        self.assertFalse(left.exists())
        self.assertTrue(ours.exists())

    def test_a_lock_names_the_process_that_holds_it(self):
        command = ["orchestra", "--out", self.folder / "made", "--sound", "additive", "--tracks", "40", "--threads", "1"]
        first = subprocess.Popen(list(map(str, [self.mi_prepare, *command, "-q"])))
        self.addCleanup(first.wait)
        self.addCleanup(first.kill)
        while not (self.folder / "made.unfinished" / "README.txt").exists():
            self.assertIsNone(first.poll())
            time.sleep(0.01)
        result = self.run_program(*command, "-q", program=self.mi_prepare)
        self.assertEqual(result.returncode, 2)
        self.assertIn(f"another process ({first.pid}) is working in", result.stderr)


class Stops(Case):
    def assert_stops(self, *arguments, number=signal.SIGTERM, after=1.5, program=None):
        """Signals the program after `after` seconds of its own CPU time, so that a busy machine does not matter."""
        errors = self.folder.parent / (self.folder.name + ".errors")
        self.addCleanup(errors.unlink, missing_ok=True)
        with open(errors, "w") as stream:
            process = subprocess.Popen([str(a) for a in [program or self.mi_generate, *arguments, "--quiet"]],
                                       stderr=stream)
        try:
            while (used := self.processor_time(process.pid)) < after:
                time.sleep(0.02)
                self.assertIsNone(process.poll(), "it ended before it could be stopped: " + errors.read_text())
            process.send_signal(number)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            process.kill()
        said = errors.read_text()
        self.assertEqual(process.returncode, -number, said)  # a shell reports 128 + number
        self.assertIn("stopped", said)
        self.assertLess(usage.ru_utime + usage.ru_stime - used, STOPS_WITHIN)
        self.assertEqual([n for n in self.names() if n.startswith(("again", ".again"))], [])

    @staticmethod
    def processor_time(process):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sidecar(self, model, change):
        self.assert_works(*self.generate("--force", model=model), program=self.mi_generate)
        made = json.loads(self.stamp("out.json"))
        change(made)
        return self.write("changed.json", json.dumps(made))

    def again(self, sidecar, model):
        return ["--from", sidecar, "--model", model, "--threads", "1", "-o", self.folder / "again.wav"]

    def test_phase_reconstruction_stops(self):
        def change(made):
            made["inversion"]["iterations"] = 100_000
        sidecar = self.sidecar(PAPER, change)
        for number in (signal.SIGTERM, signal.SIGINT):
            self.assert_stops(*self.again(sidecar, PAPER), number=number)

    def test_a_huge_sidecar_stops(self):
        def change(made):
            made["codes"] = (made["codes"] * 40_000)[:1_900_000]
        for model in (PAPER, PLUS):
            self.assert_stops(*self.again(self.sidecar(model, change), model), after=2.5)

    def test_sampling_stops(self):
        write_npy(self.folder / "long.npy", (25 * 600, support.JOINTS, 3))
        for model in (PAPER, PLUS):
            self.assert_stops("--model", model, "--pose", self.folder / "long.npy", "--threads", "1", "-o",
                              self.folder / "again.wav")

    def test_an_hour_of_keypoints_stops(self):
        write_npy(self.folder / "hour.npy", (90_000, support.JOINTS, 3))
        for after in (1.0, 1.5, 2.5, 4):
            self.assert_stops("--model", PLUS, "--pose", self.folder / "hour.npy", "--threads", "1", "-o",
                              self.folder / "again.wav", after=after)

    def test_a_pipe_in_place_of_an_input_does_not_block(self):
        for name in ("pose.csv", "pose.npy", "pose.bin", "notes.mid", "notes.csv", "sound.wav", "config.yaml"):
            os.mkfifo(self.folder / name)
            path = self.folder / name
            arguments = {"notes": ["notes", path, "-o", self.folder / "made.csv"],
                         "pose": ["pose", path, "-o", self.folder / "made.npy"],
                         "sound": ["folder", "--table", self.write("t.csv", f"audio,pose\n{name},x.npy\n"), "--out",
                                   self.folder / "corpus"],
                         "config": ["folder", "--table", path, "--out", self.folder / "corpus"]}[path.stem]
            with self.subTest(name):
                process = subprocess.run([str(a) for a in [self.mi_prepare, *arguments]], timeout=20,
                                         capture_output=True, text=True, check=False)
                self.assertEqual(process.returncode, 2, process.stderr)
        pipe = self.folder / "pipe.csv"
        os.mkfifo(pipe)
        for arguments in (["--model", PLUS, "--pose", pipe], ["--model", pipe, "--pose", self.pose],
                          ["--model", PLUS, "--pose", self.pose, "--notes", pipe],
                          ["--model", PLUS, "--pose", self.pose, "--video", pipe], ["--from", pipe]):
            result = subprocess.run([str(a) for a in [self.mi_generate, *arguments, "-o", self.folder / "again.wav"]],
                                    timeout=20, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 2, result.stderr)

    def test_every_command_of_mi_prepare_stops(self):
        write_wav(self.folder / "long.wav", 60, rate=48000)
        write_npy(self.folder / "long.npy", (1500, support.JOINTS, 3))
        table = self.write("t.csv", "audio,pose\n" + "long.wav,long.npy\n" * 300)
        self.assert_stops("folder", "--table", table, "--out", self.folder / "again", "--threads", "1",
                          program=self.mi_prepare)
        self.assert_stops("orchestra", "--out", self.folder / "made", "--sound", "additive", "--tracks", "60",
                          "--threads", "1", program=self.mi_prepare)


@unittest.skipUnless(made.HAVE_FFMPEG, "needs ffmpeg")
class Films(Case):
    def setUp(self):
        super().setUp()
        ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=1", "-pix_fmt", "yuv420p",
               self.folder / "secret.mp4")

    def test_a_play_list_is_no_film(self):
        ffmpeg("-i", self.folder / "secret.mp4", "-c", "copy", "-f", "mpegts", self.folder / "secret.ts")
        for name, content in (
                ("list.mp4", "ffconcat version 1.0\nfile secret.mp4\n"),
                ("list.mkv", "ffconcat version 1.0\nfile secret.mp4\n"),
                ("list.ts", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")):
            film = self.write(name, content)
            with self.subTest(name):
                result = self.run_program(*self.generate("--video", film, "--force"), program=self.mi_generate)
                self.assertNotEqual(result.returncode, 0)
                self.assertIn(name, result.stderr)
                self.assertFalse((self.folder / "out").with_suffix(film.suffix).exists())
                self.assertEqual([n for n in self.names() if "partial" in n], [])

    def test_nothing_is_written_through_a_planted_link(self):
        target = self.write("target", "kept")
        film = self.folder / "secret.mp4"
        (self.folder / "out.mp4").symlink_to(target)
        self.assert_fails(*self.generate("--video", film, "--force"), says=["out.mp4", "a link"],
                          program=self.mi_generate)
        (self.folder / "out.mp4").unlink()
        for name in ("out.partial.mp4", ".out.mp4.partial", "out.mp4.partial"):
            (self.folder / name).symlink_to(target)
        self.run_program(*self.generate("--video", film), program=self.mi_generate)
        self.assertTrue((self.folder / "out.mp4").is_file())
        self.assertEqual(target.read_text(), "kept")

    def test_sound_that_a_killed_process_decoded_is_removed(self):
        temporary = self.folder / "tmp"
        left = temporary / f"minet-sound-{os.geteuid()}.partial-{dead_process()}-1"
        left.mkdir(parents=True)
        (left / "sound.caf").write_text("left")
        ffmpeg("-f", "lavfi", "-i", "sine=duration=4", self.folder / "sound.m4a")
        write_npy(self.folder / "pose.npy", (100, support.JOINTS, 3))
        table = self.write("t.csv", "audio,pose\nsound.m4a,pose.npy\n")
        result = self.run_program("folder", "--table", table, "--out", self.folder / "corpus", program=self.mi_prepare,
                                  env={**os.environ, "TMPDIR": str(temporary)})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(list(temporary.iterdir()), [])


if __name__ == "__main__":
    support.main(["mi_generate", "mi_prepare", "mi_eval"], __doc__)
