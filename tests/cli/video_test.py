#!/usr/bin/env python3
"""Videos: mi_prepare video, mi_generate --video and videos in the table of mi_prepare folder.

Usage: video_test.py MI_PREPARE MI_GENERATE MI_VIDEO [unittest arguments]
Tests that detect a player need the real violinist and the networks; videos need ffmpeg.
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import unittest

import field_video
import support
from support import SOURCE, shared_data

MODEL = SOURCE / "models" / "plus"
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

    def picture_times(self, path):
        """The times of the frames, in seconds from the start of the container."""
        out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                              "packet=pts_time:format=start_time", "-of", "json", str(path)], check=True,
                             capture_output=True, text=True).stdout
        answer = json.loads(out)
        start = float(answer["format"]["start_time"])
        return sorted(float(packet["pts_time"]) - start for packet in answer["packets"])

    def stream_of(self, path, kind, *keys):
        out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", f"{kind}:0", "-show_entries",
                              f"stream={','.join(keys)}:stream_side_data=rotation", "-of", "json", str(path)],
                             check=True, capture_output=True, text=True).stdout
        return json.loads(out)["streams"][0]

    def refused(self, *arguments, says=(), code=2, **options):
        return self.assert_fails("video", *arguments, says=says, code=code, **options)


@unittest.skipUnless(shutil.which("ffmpeg"), "needs ffmpeg")
class Refusals(Case):
    def test_what_is_no_film(self):
        (self.folder / "text.mp4").write_text("no film")
        self.refused(self.folder / "text.mp4", "-o", self.folder / "a.npy", says=["text.mp4", "expected a video"])
        self.refused(self.folder / "none.mp4", "-o", self.folder / "a.npy", says=["none.mp4", "no such file"])
        self.refused(self.folder, "-o", self.folder / "a.npy", says=["expected a video"])

    @unittest.skipUnless(NETWORKS.is_dir(), "needs the networks")
    def test_a_film_of_nobody(self):
        self.refused(self.grey(), "-o", self.folder / "a.npy", says=["grey.mp4", "nobody", "6 frames"])
        self.refused(self.folder / "grey.mp4", "-o", self.folder / "a.json", says=["nobody"])
        self.refused(self.folder / "grey.mp4", "-o", self.folder / "a.npy", "--person", "2",
                     says=["person 2", "0 people"])

    def test_without_the_networks_it_says_how_to_get_them(self):
        environment = dict(os.environ, MINET_NETWORKS=str(self.folder / "nothing"))
        self.refused(self.grey(), "-o", self.folder / "a.npy", says=["scripts/setup.sh", "MINET_NETWORKS"],
                     env=environment)
        (self.folder / "broken").mkdir()
        (self.folder / "broken" / "pose_detection.tflite").write_bytes(b"\0\0\0\0TFL3" + bytes(100))
        environment["MINET_NETWORKS"] = str(self.folder / "broken")
        self.refused(self.folder / "grey.mp4", "-o", self.folder / "a.npy", says=["pose_detection.tflite"],
                     env=environment)

    @unittest.skipUnless(NETWORKS.is_dir(), "needs the networks")
    def test_devices(self):
        """The same messages as in the other programs, also from each program that starts mi_video."""
        film, out = self.grey(), self.folder / "a.npy"
        self.refused(film, "-o", out, "--device", "tpu", says=["expected auto, cpu, cuda or cuda:N, got 'tpu'"])
        for device in ("cpu", "auto"):
            self.refused(film, "-o", out, "--device", device, says=["grey.mp4", "nobody"])
        sound = ("--model", MODEL, "-o", self.folder / "a.wav", "--device", "cuda:99")
        support.write_npy(self.folder / "pose.npy", (6, 47, 3))
        said = self.assert_fails(*sound, "--pose", self.folder / "pose.npy", program=self.mi_generate, says=["cuda:99"])
        sentence = said.removeprefix("mi_generate: ")
        for line in (self.assert_fails(*sound, "--video", film, program=self.mi_generate),
                     self.refused(film, "-o", out, "--device", "cuda:99"),
                     self.refused("--keypoints", self.folder / "pose.npy", "--overlay", self.folder / "b.mp4",
                                  "--device", "cuda:99")):
            self.assertEqual(sentence, line.split(": ", 1)[1])

    def test_outputs(self):
        film = self.grey()
        self.refused(film, "-o", self.folder / "a.txt", says=[".npy or .json"])
        (self.folder / "a.npy").write_text("mine")
        self.refused(film, "-o", self.folder / "a.npy", says=["a.npy exists"])
        self.refused(film, "-o", self.folder / "no" / "a.npy", says=["no"])
        self.refused(film, says=["--out: expected a file", "--help"])
        self.refused("-o", self.folder / "b.npy", says=["expected a video file, got none"])

    def test_what_is_drawn(self):
        film = self.grey()
        support.write_npy(self.folder / "pose.npy", (6, 47, 3))
        self.refused(film, "-o", self.folder / "a.npy", "--overlay-notes", self.folder / "n.csv",
                     says=["--overlay-notes", ".png or .mp4"])
        self.refused("--keypoints", self.folder / "pose.npy", says=["--keypoints", "--overlay"])
        self.assert_fails("pose", self.folder / "pose.npy", "-o", self.folder / "b.npy", "--video",
                          self.folder / "pose.npy", says=["--video", "expected a video", "pose.npy"])

    def test_without_a_library_it_says_which(self):
        for program in (self.mi_prepare, self.mi_video):
            shutil.copy(program, self.folder)
        copy = self.folder / "mi_video"
        copy.write_bytes(copy.read_bytes().replace(b"libopencv_videoio.so", b"libopencv_video_X.so"))
        self.refused(self.grey(), "-o", self.folder / "a.npy", code=1, program=self.folder / "mi_prepare",
                     says=["libopencv_video_X.so", "mi_video", "libopencv-videoio406"])

    def test_an_installed_one_says_so_too(self):
        torch = next((SOURCE / ".venv").glob("lib/python3*/site-packages/torch"), None)
        if torch is None:
            self.skipTest("no torch in .venv")
        place = self.folder / "libexec" / "minet"
        place.mkdir(parents=True)
        shutil.copy(SOURCE / "packaging" / "launch", place)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "mi_video").symlink_to("../libexec/minet/launch")
        program = pathlib.Path(self.mi_video).read_bytes()
        for name, code, says in ((b"libopencv_videoio.so", 0, "--person"),
                                 (b"libopencv_video_X.so", 1, "libopencv-videoio406")):
            (place / "mi_video").write_bytes(program.replace(b"libopencv_videoio.so", name))
            (place / "mi_video").chmod(0o755)
            result = subprocess.run([self.folder / "bin" / "mi_video", "--help"], capture_output=True, text=True,
                                    env=dict(os.environ, MINET_TORCH=str(torch)))
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(says, result.stdout + result.stderr)
            self.assertLessEqual(len(result.stderr.splitlines()), code)

    def test_help_is_its_own(self):
        result = self.assert_works("video", "--help")
        self.assertIn("mi_prepare video [OPTIONS] [video]", result.stdout)
        self.assertIn("--person", result.stdout)


@unittest.skipUnless(shutil.which("ffmpeg"), "needs ffmpeg")
class Clock(Case):
    """Keypoints without times, for a video of 30 frames per second: player 1 jumps to the right at 1 s."""

    def setUp(self):
        super().setUp()
        self.plain = self.film("plain.mp4", "-f", "lavfi", "-i", "color=gray:s=640x480:r=30", "-frames:v", "60", "-c:v",
                               "libx264", "-bf", "0")
        people = []
        for frame in range(60):
            for idx, x in ((1, 400 if frame >= 30 else 60), (2, 240)):
                points = [[0, 0, 0]] * 136
                for point, (dx, y) in {18: (30, 150), 5: (60, 155), 6: (0, 155), 7: (60, 210), 8: (0, 210), 9: (60, 260),
                                       10: (0, 260)}.items():
                    points[point] = [x + dx, y, 0.9]
                people.append({"image_id": f"{frame}.jpg", "category_id": 1, "score": 1, "idx": idx,
                               "keypoints": [value for point in points for value in point]})
        self.keypoints = self.folder / "alphapose.json"
        self.keypoints.write_text(json.dumps(people))

    def test_keypoints_for_a_video(self):
        out = self.folder / "pose.npy"
        told = self.assert_works("pose", self.keypoints, "-o", out, "--person", "1", "--video", self.plain)
        self.assertIn("keypoints have the times of the video's frames, 30 per second", told.stderr)
        self.assertEqual(npy_shape(out), "50, 47, 3")  # 59 steps at 30 are 1.97 s
        self.assertEqual([frame[0][0] > 200 for frame in support.read_npy(out)], [False] * 25 + [True] * 25)
        told = self.assert_works("pose", self.keypoints, "-o", out, "--person", "1", "--fps", "25", "--video",
                                 self.plain, "--force")
        self.assertEqual(npy_shape(out), "60, 47, 3")

    def test_a_camcorder_s_fields(self):
        """Two packets are one frame, as in AVCHD."""
        (self.folder / "fields.h264").write_bytes(field_video.stream(60))
        for name in ("fields.ts", "fields.mts"):
            film = self.film(name, "-r", "50", "-i", self.folder / "fields.h264", "-c", "copy", "-f", "mpegts")
            self.assertEqual(len(self.picture_times(film)), 120)
            out = self.folder / "pose.npy"
            told = self.assert_works("pose", self.keypoints, "-o", out, "--person", "1", "--video", film, "--force")
            self.assertIn("the video's frames, 25 per second", told.stderr)
            self.assertEqual(npy_shape(out), "60, 47, 3")

    def drawn_left_and_right(self, *more):
        """Whether something is drawn in the left and in the right third of each frame."""
        told = self.assert_works("video", self.plain, "--keypoints", self.keypoints, "--overlay",
                                 self.folder / "drawn.mp4", "--force", *more)
        self.assertIn("alphapose.json: keypoints have the times of the video's frames", told.stderr)
        sides = []
        for left in (0, 426):
            grey = subprocess.run(["ffmpeg", "-v", "error", "-i", self.folder / "drawn.mp4", "-vf",
                                   f"crop=214:160:{left}:120,format=gray", "-f", "rawvideo", "-"], check=True,
                                  capture_output=True).stdout
            frames = [grey[i:i + 214 * 160] for i in range(0, len(grey), 214 * 160)]
            sides.append([max(frame) - min(frame) > 60 for frame in frames])
        return sides

    @unittest.skipUnless(NETWORKS.is_dir(), "needs the networks")
    def test_keypoints_drawn_on_a_video(self):
        left, right = self.drawn_left_and_right("--person", "1")
        self.assertEqual(left, [True] * 30 + [False] * 30)
        self.assertEqual(right, [False] * 30 + [True] * 30)
        left, right = self.drawn_left_and_right("--person", "2")
        self.assertFalse(any(left + right))


@unittest.skipUnless(shared_data() and NETWORKS.is_dir() and shutil.which("ffmpeg"), "needs the real violinist")
class Violinist(Case):
    def setUp(self):
        super().setUp()
        self.violin = self.film("violin.mp4", "-i", shared_data() / "urmp" / "urmp_vln1_0-5s.mp4", "-frames:v", "30",
                                "-c:v", "libx264", "-crf", "12", "-an")

    def test_what_is_written(self):
        out = self.folder / "violin.npy"
        result = self.assert_works("video", self.violin, "-o", out, "--preview", self.folder / "violin.svg")
        self.assertIn("30 frames in", result.stdout)
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


    def test_one_command_from_a_film_to_a_film(self):
        out = self.folder / "out.wav"
        result = self.assert_works("--model", MODEL, "--video", self.violin, "--overlay", "-o", out,
                                   program=self.mi_generate)
        self.assertEqual([line.rsplit("/", 1)[-1] for line in result.stdout.splitlines()],
                         ["out.wav", "out.json", "out.mp4"])
        self.assertIn("keypoints 30/30 frames", result.stderr)
        times = self.picture_times(self.folder / "out.mp4")
        self.assertEqual(len(times), 30)
        for index, at in enumerate(times):
            self.assertAlmostEqual(at, index * 1001 / 30000, delta=2e-3)
        self.assertEqual(float(self.stream_of(self.folder / "out.mp4", "a", "start_time")["start_time"]), 0)
        self.assertEqual(json.loads((self.folder / "out.json").read_text())["inputs"]["pose"], str(self.violin))

    def test_several_people_and_what_is_played(self):
        two = self.film("two.mp4", "-i", self.violin, "-filter_complex", "split[a][b];[b]hflip[c];[a][c]hstack",
                        "-c:v", "libx264", "-crf", "12")
        out = self.folder / "out.wav"
        for model, more in ((MODEL, ("--person", "1", "--count", "2")), (SOURCE / "models" / "paper", ())):
            with self.subTest(model=model.name):
                result = self.assert_works("--model", model, "--video", two, "--overlay", "--overlay-notes", "-o", out,
                                           *more, "--force", program=self.mi_generate)
                self.assertIn("people 30/30 frames", result.stderr)
                films = [line for line in result.stdout.splitlines() if line.endswith(".mp4")]
                self.assertEqual(len(films), 2 if more else 1)
                for film in films:
                    self.assertEqual(len(self.picture_times(film)), 30)

    def test_previews_on_the_pictures(self):
        out = self.folder / "violin.npy"
        self.assert_works("video", self.violin, "-o", out, "--preview", self.folder / "sheet.png")
        self.assertTrue((self.folder / "sheet.png").read_bytes().startswith(b"\x89PNG"))
        for name, more in (("plain.png", ()), ("on.png", ("--video", self.violin)), ("plain.mp4", ()),
                           ("on.mp4", ("--video", self.violin))):
            self.assert_works("pose", out, "-o", self.folder / "again.npy", "--preview", self.folder / name, *more,
                              "--force")
            self.assertGreater((self.folder / name).stat().st_size, 1000, name)
        self.assertEqual(len(self.picture_times(self.folder / "on.mp4")), 30)
        self.assertEqual(len(self.picture_times(self.folder / "plain.mp4")), 25)

    def test_a_film_alone_is_a_row_of_the_table(self):
        sound = self.film("film.mp4", "-i", self.violin, "-f", "lavfi", "-i", "sine=330:duration=6", "-filter_complex",
                          "[0:v]loop=-1:30,trim=duration=6[v]", "-map", "[v]", "-map", "1:a", "-c:v", "libx264", "-crf",
                          "12", "-c:a", "aac")
        (self.folder / "tracks.csv").write_text(f"audio,pose\n{sound.name},\n")
        corpus = self.folder / "corpus"
        self.assert_works("folder", "--table", self.folder / "tracks.csv", "--out", corpus)
        frames = int(npy_shape(corpus / "film" / "pose.npy").split(",")[0])
        self.assertAlmostEqual(frames, 150, delta=3)
        again = self.assert_works("folder", "--table", self.folder / "tracks.csv", "--out", corpus, "--force")
        self.assertIn("1 track reused", again.stdout)


@unittest.skipUnless(shutil.which("ffmpeg"), "needs ffmpeg")
class NewSound(Case):
    """Frames keep their content and times, and the sound begins at the start of the video."""

    def play(self, film):
        support.write_npy(self.folder / "pose.npy", (60, 47, 3))
        self.assert_works("--model", MODEL, "--pose", self.folder / "pose.npy", "--video", film, "-o",
                          self.folder / "out.wav", "--force", program=self.mi_generate)
        return self.folder / ("out" + film.suffix)

    def test_at_every_rate(self):
        for name, times in (("25", "N/25"), ("29.97", "N*1001/30000"), ("60", "N/60"),
                            ("variable", "N/30+0.01*mod(N,4)+0.4*gt(N,20)")):
            for suffix in ("mp4", "mkv"):
                with self.subTest(rate=name, container=suffix):
                    film = self.film(f"film-{name}.{suffix}", "-f", "lavfi", "-i", "testsrc=s=96x64:r=25", "-frames:v",
                                     "50", "-vf", f"settb=1/90000,setpts='({times})/TB'", "-enc_time_base", "1/90000",
                                     "-fps_mode", "passthrough", "-c:v", "libx264", "-bf", "3")
                    before, after = self.picture_times(film), self.picture_times(self.play(film))
                    self.assertEqual(len(after), 50)
                    for one, other in zip(before, after):
                        self.assertAlmostEqual(one - before[0], other - after[0], delta=2e-3)
                    # Matroska's audio packets begin with samples that are not played: 16 ms here.
                    self.assertAlmostEqual(after[0], before[0], delta=0.017)

    def test_turned_by_90_degrees(self):
        self.film("flat.mp4", "-f", "lavfi", "-i", "testsrc=s=96x64:r=25", "-frames:v", "50", "-c:v", "libx264")
        film = self.film("turned.mp4", "-i", self.folder / "flat.mp4", "-c", "copy", "-metadata:s:v:0", "rotate=90")
        rotation = self.stream_of(film, "v", "width")["side_data_list"]
        self.assertEqual(self.stream_of(self.play(film), "v", "width")["side_data_list"], rotation)

    def test_what_does_not_go_together(self):
        film = self.grey()
        support.write_npy(self.folder / "pose.npy", (60, 47, 3))
        for more, says in ((("--overlay", "--pose", self.folder / "pose.npy", "--video", film), "--overlay"),
                           (("--overlay", "--pose", self.folder / "pose.npy"), "--overlay"),
                           (("--video", film, "--fps", "30"), "--fps"), ((), "--video"),
                           (("--video", film, "--overlay-notes"), "overlay-notes")):
            self.assert_fails("--model", MODEL, *more, "-o", self.folder / "out.wav", says=[says],
                              program=self.mi_generate)

    @unittest.skipUnless(NETWORKS.is_dir(), "needs the networks")
    def test_a_film_of_nobody(self):
        self.assert_fails("--model", MODEL, "--video", self.grey(), "-o", self.folder / "out.wav",
                          says=["grey.mp4: expected a person in the video, got nobody"], program=self.mi_generate)


if __name__ == "__main__":
    support.main(["mi_prepare", "mi_generate", "mi_video"], __doc__)
