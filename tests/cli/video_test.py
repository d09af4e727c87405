#!/usr/bin/env python3
"""mi_prepare video: what it writes, and what it says to files that are no film of a player.

Usage: video_test.py MI_PREPARE [unittest arguments]
The tests that see a player need the real violinist and the networks; films need ffmpeg.
"""
import json
import os
import shutil
import struct
import subprocess
import unittest

import support
from support import SOURCE, shared_data

NETWORKS = SOURCE / ".venv" / "share" / "minet" / "vision"


def npy_shape(path):
    data = path.read_bytes()
    header = data[10:10 + struct.unpack("<H", data[8:10])[0]].decode()
    return header[header.index("(") + 1:header.index(")")]


class Case(support.Case):
    def film(self, name, *options):
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *map(str, options), self.folder / name], check=True)
        return self.folder / name

    def grey(self, name="grey.mp4"):
        return self.film(name, "-f", "lavfi", "-i", "color=gray:s=128x96:r=25", "-frames:v", "6")

    def refused(self, *arguments, says=(), code=2, **options):
        return self.assert_fails("video", *arguments, says=says, code=code, **options)


@unittest.skipUnless(shutil.which("ffmpeg"), "needs ffmpeg")
class Refusals(Case):
    def test_what_is_no_film(self):
        (self.folder / "text.mp4").write_text("no film")
        self.refused(self.folder / "text.mp4", "-o", self.folder / "a.npy", says=["text.mp4", "expected a film"])
        self.refused(self.folder / "none.mp4", "-o", self.folder / "a.npy", says=["none.mp4", "no such file"])
        self.refused(self.folder, "-o", self.folder / "a.npy", says=["expected a film"])

    @unittest.skipUnless(NETWORKS.is_dir(), "needs the networks")
    def test_a_film_of_nobody(self):
        self.refused(self.grey(), "-o", self.folder / "a.npy", says=["grey.mp4", "nobody", "6 pictures"])
        self.refused(self.folder / "grey.mp4", "-o", self.folder / "a.json", says=["nobody"])
        self.refused(self.folder / "grey.mp4", "-o", self.folder / "a.npy", "--person", "2", says=["person 2", "0 people"])

    def test_without_the_networks_it_says_how_to_get_them(self):
        environment = dict(os.environ, MINET_NETWORKS=str(self.folder / "nothing"))
        self.refused(self.grey(), "-o", self.folder / "a.npy", says=["scripts/setup.sh", "MINET_NETWORKS"],
                     env=environment)
        (self.folder / "broken").mkdir()
        (self.folder / "broken" / "pose_detection.tflite").write_bytes(b"\0\0\0\0TFL3" + bytes(100))
        environment["MINET_NETWORKS"] = str(self.folder / "broken")
        self.refused(self.folder / "grey.mp4", "-o", self.folder / "a.npy", says=["pose_detection.tflite"],
                     env=environment)

    def test_outputs(self):
        film = self.grey()
        self.refused(film, "-o", self.folder / "a.txt", says=[".npy or .json"])
        (self.folder / "a.npy").write_text("mine")
        self.refused(film, "-o", self.folder / "a.npy", says=["a.npy exists"])
        self.refused(film, "-o", self.folder / "no" / "a.npy", says=["no"])
        self.refused(film, says=["--out is required", "--help"])
        self.refused("-o", self.folder / "b.npy", says=["film is required"])

    def test_help_is_its_own(self):
        result = self.assert_works("video", "--help")
        self.assertIn("mi_prepare video [OPTIONS] film", result.stdout)
        self.assertIn("--person", result.stdout)


@unittest.skipUnless(shared_data() and NETWORKS.is_dir() and shutil.which("ffmpeg"), "needs the real violinist")
class Violinist(Case):
    def setUp(self):
        super().setUp()
        self.violin = self.film("violin.mp4", "-i", shared_data() / "urmp" / "urmp_vln1_0-5s.mp4", "-frames:v", "30",
                                "-c:v", "libx264", "-crf", "12", "-an")

    def test_what_is_written(self):
        out = self.folder / "violin.npy"
        result = self.assert_works("video", self.violin, "-o", out, "--preview", self.folder / "violin.svg")
        self.assertIn("30 pictures", result.stdout)
        self.assertIn("left hand 30", result.stdout)
        # 29 steps at 29.97 are 0.968 s: 25 frames at 25.
        self.assertEqual(npy_shape(out), "25, 47, 3")
        self.assertIn("<svg", (self.folder / "violin.svg").read_text())
        quiet = self.assert_works("-q", "video", self.violin, "-o", out, "--force")
        self.assertEqual(quiet.stdout + quiet.stderr, "")

    def test_every_picture_as_json(self):
        out = self.folder / "violin.json"
        self.assert_works("video", self.violin, "-o", out)
        points = json.loads(out.read_text())
        self.assertEqual((points["width"], points["height"], len(points["frames"])), (448, 724, 30))
        self.assertAlmostEqual(points["frames"][29]["time_s"], 29 * 1001 / 30000, delta=1e-3)
        self.assertEqual(len(points["frames"][3]["pose"]), 33)
        self.assertEqual(len(points["frames"][3]["left_hand"]), 21)
        result = self.assert_works("pose", out, "-o", self.folder / "a.npy")
        self.assertIn("MediaPipe Holistic: 30 frames", result.stdout)


if __name__ == "__main__":
    support.main(["mi_prepare"], __doc__)
