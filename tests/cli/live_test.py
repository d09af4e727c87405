#!/usr/bin/env python3
"""mi_generate --live: keypoints from standard input, OSC, a video or a camera; sound to PCM or a null sound card.

Usage: live_test.py MI_GENERATE MI_LIVE MI_VIDEO LIVE_SEND FAKE_CAMERA [unittest arguments]
"""
import array
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
import unittest

import support
from support import SOURCE, shared_data

MODEL = SOURCE / "models" / "plus"
NETWORKS = SOURCE / ".venv" / "share" / "minet" / "vision"
BODY = {"neck": [320, 150], "right_shoulder": [250, 160], "left_shoulder": [390, 160], "right_elbow": [230, 260],
        "right_wrist": [260, 330], "left_elbow": [420, 260], "left_wrist": [400, 200, 0.9]}


def line(second, shift=0.0, **more):
    moved = {name: [point[0] + shift, *point[1:]] for name, point in BODY.items()}
    return json.dumps({"t": round(second, 3), "joints": moved, **more}) + "\n"


class Live(support.Case):
    def start(self, *options, stdin=subprocess.PIPE, stdout=None, environment=None):
        """Starts the program; its sound goes to a file, because a pipe that nobody reads would block it."""
        with open(self.folder / "sound", "wb") as sound:
            process = subprocess.Popen([self.mi_generate, "--live", "--model", str(MODEL), *map(str, options)],
                                       stdin=stdin, stdout=stdout or sound, stderr=subprocess.PIPE,
                                       env=os.environ | (environment or {}))
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def feed(self, process, seconds, rate=25, pictures=line):
        began = time.monotonic()
        for i in range(int(seconds * rate)):
            time.sleep(max(0, began + i / rate - time.monotonic()))
            process.stdin.write(pictures(i / rate, 5 * (i % 10)).encode())
            process.stdin.flush()

    def end(self, process, code=0):
        if process.stdin:
            process.stdin.close()
            process.stdin = None
        err = process.communicate(timeout=60)[1].decode()
        self.assertEqual(process.returncode, code, err)
        return (self.folder / "sound").read_bytes(), err

    def started(self, process):
        """Reads its first line, which it prints once the model is loaded."""
        return process.stderr.readline().decode()

    def report(self, err):
        found = re.search(r"played .*? from (\d+) frames? \((\d+) used, (\d+) without a player, (\d+) bad\)", err)
        self.assertIsNotNone(found, err)
        return [int(word) for word in found.groups()]


class Lines(Live):
    def test_sound_as_long_as_the_input_with_what_was_measured(self):
        process = self.start("--pcm", "-", "--verbose")
        self.assertIn("playing from standard input to PCM", self.started(process))
        began = time.monotonic()
        self.feed(process, 2.5)
        took = time.monotonic() - began
        out, err = self.end(process)
        samples = array.array("h", out)
        self.assertAlmostEqual(len(samples) / 16000, took, delta=1)
        self.assertEqual(len(samples) % 512, 0)
        self.assertGreater(max(map(abs, samples)), 100)
        pictures, used, empty, bad = self.report(err)
        self.assertEqual((pictures, empty, bad), (62, 0, 0))
        self.assertGreater(used, 40)
        self.assertRegex(err, r"keypoint to sound: median \d+ ms, 95 % \d+ ms, longest \d+ ms; load \d+(\.\d+)? %")

    def test_bad_lines_are_counted_and_skipped(self):
        process = self.start("--pcm", "-", "--pcm-format", "f32")
        self.started(process)
        self.feed(process, 1, pictures=lambda second, shift: "nonsense\n[1,2]\n" + line(second, shift) + "{}\n")
        out, err = self.end(process)
        self.assertEqual(self.report(err)[3], 75)
        self.assertLessEqual(err.count("skipped: "), 3)
        self.assertLess(max(map(abs, array.array("f", out))), 1)

    def test_a_stalled_source_is_held_and_fades_and_is_taken_up_again(self):
        process = self.start("--pcm", "-", "--hold", 0.3)
        self.started(process)
        self.feed(process, 0.8)
        time.sleep(2)
        self.feed(process, 0.4)
        out, err = self.end(process)
        self.assertIn("no keypoints for 0.3 s: fading out", err)
        self.assertIn("keypoints are back", err)
        samples = array.array("h", out)
        silent = max(len(run) for run in bytes(map(bool, samples)).split(b"\1"))
        self.assertGreater(silent / 16000, 0.3)
        self.assertIn("1 rest", err)

    def test_of_a_burst_the_newest_counts_and_nobody_is_waited_for(self):
        process = self.start("--pcm", "-")
        self.started(process)
        time.sleep(3.5)  # silent at first
        process.stdin.write("".join(line(i / 25, i) for i in range(500)).encode())
        process.stdin.flush()
        out, err = self.end(process)
        self.assertIn("waiting for a player's keypoints from standard input", err)
        self.assertEqual(self.report(err)[0], 500)
        self.assertLess(self.report(err)[1], 10)
        self.assertGreater(len(out) / 2 / 16000, 3)  # silence throughout

    def test_signals_end_it_within_two_seconds(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start("--card", "null")
            self.started(process)
            self.feed(process, 0.5)
            began = time.monotonic()
            process.send_signal(number)
            err = self.end(process, -number)[1]
            self.assertLess(time.monotonic() - began, 2)
            self.assertIn("stopped after", err)
            self.report(err)

    def test_ends_when_nobody_listens_any_more(self):
        process = self.start("--pcm", "-", stdout=subprocess.PIPE)
        self.started(process)
        process.stdout.close()
        try:
            self.feed(process, 3)
        except BrokenPipeError:
            pass
        process.stdout = process.stdin = None
        self.end(process)

    def test_notes_are_followed(self):
        notes = self.folder / "notes.csv"
        notes.write_text("onset_s,duration_s,pitch\n0,5,69\n0,1,50\n")
        process = self.start("--pcm", "-", "--pcm-format", "f32", "--notes", notes)
        self.assertIn("notes.csv: one voice: 1 note", self.started(process))
        self.started(process)
        self.feed(process, 2)
        samples = array.array("f", self.end(process)[0])[16000:24000]
        # A period of 440 Hz is 36.4 samples: the sound correlates with itself at that lag, but not at half of it.
        def likeness(lag):
            return sum(a * b for a, b in zip(samples, samples[lag:]))
        self.assertGreater(likeness(36), 0.5 * likeness(0))
        self.assertLess(likeness(18), 0.5 * likeness(36))


class Osc(Live):
    def free_port(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("", 0))
            return free.getsockname()[1]

    def test_the_example_is_heard(self):
        port = self.free_port()
        process = self.start("--osc", port, "--pcm", "-", "--seconds", 1.5, stdin=subprocess.DEVNULL)
        self.started(process)
        subprocess.run([self.live_send, str(port), "1.6"], check=True, timeout=60)
        sound, err = self.end(process)
        self.assertGreater(self.report(err)[1], 20)
        self.assertGreater(max(map(abs, array.array("h", sound))), 100)

    @unittest.skipUnless(shutil.which("pd"), "needs Pure Data")
    def test_the_patch_of_pd_is_heard(self):
        port = self.free_port()
        patch = self.folder / "violinist.pd"
        patch.write_text((SOURCE / "examples/live/violinist.pd").read_text().replace(" 9000;", f" {port};"))
        process = self.start("--osc", port, "--pcm", "-", "--seconds", 4, stdin=subprocess.DEVNULL)
        self.started(process)
        pd = subprocess.Popen(["pd", "-nogui", "-noaudio", "-open", str(patch)], stderr=subprocess.DEVNULL)
        self.addCleanup(pd.wait)
        self.addCleanup(pd.kill)
        sound, err = self.end(process)
        self.assertGreater(self.report(err)[1], 10)
        self.assertEqual(self.report(err)[3], 0)
        self.assertGreater(max(map(abs, array.array("h", sound))), 100)

    def test_keypoints_by_udp(self):
        port = self.free_port()
        process = self.start("--osc", port, "--card", "null", "--seconds", 4, stdin=subprocess.DEVNULL)
        self.assertIn(f"OSC at UDP port {port}", self.started(process))
        numbers = [float(100 + i) for i in range(94)]
        tags = ("," + "f" * 94).encode()
        packet = b"/minet/pose\0" + tags + b"\0" * (4 - len(tags) % 4) + struct.pack(">94f", *numbers)
        in_an_hour = struct.pack(">II", int(time.time()) + 2208988800 + 3600, 0)  # NTP's seconds, from 1900
        bundle = b"#bundle\0" + in_an_hour + struct.pack(">I", len(packet)) + packet
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for i in range(40):
                sender.sendto(bundle if i % 2 else packet, ("127.0.0.1", port))
                sender.sendto(b"rubbish", ("127.0.0.1", port))
                time.sleep(0.04)
        err = self.end(process)[1]
        self.assertGreater(self.report(err)[0], 30)  # none of the bundles waits for its time
        self.assertGreater(self.report(err)[1], 20)


class Camera(Live):
    @unittest.skipUnless(shared_data() and NETWORKS.is_dir() and shutil.which("ffmpeg"), "needs the real violinist")
    def test_a_film_in_the_place_of_a_camera(self):
        process = self.start("--camera", shared_data() / "urmp" / "urmp_vln1_0-5s.mp4", "--pcm", "-",
                             stdin=subprocess.DEVNULL)
        self.assertIn("camera", self.started(process))
        sound, err = self.end(process)
        self.assertGreater(self.report(err)[1], 2)  # of 125; a busy machine drops most
        self.assertGreater(len(sound) / 32000, 3)

    @unittest.skipUnless(NETWORKS.is_dir(), "needs the networks")
    def test_the_device_of_the_camera(self):
        card = ("--live", "--model", MODEL, "--card", "null", "--device")
        self.assert_fails(*card, "cuda", says=["--device requires --camera"])
        self.assert_fails(*card, "tpu", "--camera", "none.mp4", says=["expected auto, cpu, cuda or cuda:N, got 'tpu'"])

    def fake_camera(self, film, size):
        """Environment variables for a camera at /dev/video9 that gives a video's raw frames and then disappears."""
        return {"LD_PRELOAD": self.fake_camera_library, "MINET_CAMERA": "/dev/video9", "MINET_CAMERA_FILM": str(film),
                "MINET_CAMERA_SIZE": size, "MINET_CAMERA_FPS": "25"}

    @unittest.skipUnless(NETWORKS.is_dir(), "needs the networks")
    def test_pictures_of_a_camera_without_a_player(self):
        film = self.folder / "grey"
        film.write_bytes(bytes([128]) * (2 * 320 * 240) * 50)
        result = subprocess.run([self.mi_video, "--lines", "--", "9"], capture_output=True, text=True, check=False,
                                env=os.environ | self.fake_camera(film, "320x240"))
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertRegex(result.stderr, r"/dev/video9: expected a frame, got none after \d+ frames?; check that")
        pictures = [json.loads(picture) for picture in result.stdout.splitlines()]
        self.assertGreater(len(pictures), 1)  # of 50; a busy machine drops most
        self.assertEqual({(picture["width"], picture["height"]) for picture in pictures}, {(320, 240)})
        times = [picture["time_s"] for picture in pictures]
        self.assertEqual(times, sorted(set(times)))
        self.assertLess(times[-1] - times[0], 2.5)

    @unittest.skipUnless(shared_data() and NETWORKS.is_dir() and shutil.which("ffmpeg"), "needs the real violinist")
    def test_a_camera_that_is_pulled_out_while_it_plays(self):
        film = self.folder / "violinist"
        subprocess.run(["ffmpeg", "-v", "error", "-i", shared_data() / "urmp" / "urmp_vln1_0-5s.mp4", "-vf",
                        "scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:-1:-1", "-r", "25",
                        "-pix_fmt", "yuyv422", "-f", "rawvideo", film], check=True)
        process = self.start("--camera", 9, "--pcm", "-", stdin=subprocess.DEVNULL,
                             environment=self.fake_camera(film, "640x480"))
        sound, err = self.end(process, 1)
        self.assertIn("the player is seen", err)
        self.assertIn("/dev/video9: expected a frame, got none", err)
        samples = array.array("h", sound)
        self.assertGreater(max(map(abs, samples)), 100)
        self.assertLess(max(map(abs, samples[-16:])), 20)  # faded, not cut off

    @unittest.skipUnless(shared_data() and NETWORKS.is_dir() and shutil.which("ffmpeg"), "needs the real violinist")
    def test_a_person_who_is_not_there_is_refused_at_once(self):
        film = self.folder / "long.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", "5", "-i",
                        shared_data() / "urmp" / "urmp_vln1_0-5s.mp4", "-c", "copy", film], check=True)  # 30 s
        began = time.monotonic()
        result = subprocess.run([self.mi_video, "--lines", "--person", "3", "--", film], capture_output=True, text=True,
                                check=False)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("expected person 3 (counted from 0), got 1 person", result.stderr)
        self.assertLess(time.monotonic() - began, 25)

    def test_what_is_no_camera(self):
        for camera, says in (("77", "/dev/video77"), ("none.mp4", "no such file")):
            self.assert_fails("--live", "--model", MODEL, "--camera", camera, "--card", "null", says=[says],
                              program=self.mi_generate)


class Refusals(Live):
    def refused(self, *options, says, model=MODEL):
        self.assert_fails("--live", "--model", model, *options, says=says, program=self.mi_generate)

    def test_what_cannot_be(self):
        self.refused("--card", "null", says=["input ended without any (0 frames", "docs/live.md"])
        self.refused("--pcm", "x.raw", says=["--pcm: expected -"])
        self.refused("--osc", 9000, "--camera", 0, says=["one source"])
        self.refused("--card", "null", "--buffer", 1, says=["--buffer: expected 5 to 2000 ms"])
        self.refused("--card", "null", "--hold", 0, says=["--hold: expected"])
        self.refused("--card", "null", says=["plus"], model=SOURCE / "models" / "paper")
        self.assert_fails("--live", says=["--model: expected"], program=self.mi_generate)

    def test_help(self):
        self.assertIn("mi_generate --live", self.assert_works("--live", "--help", program=self.mi_generate).stdout)
        self.assertIn("--live", self.assert_works("--help", program=self.mi_generate).stdout)
        self.assertIn("null", self.assert_works("--live", "--list-cards", program=self.mi_generate).stdout)


if __name__ == "__main__":
    support.main(["mi_generate", "mi_live", "mi_video", "live_send", "fake_camera_library"], __doc__)
