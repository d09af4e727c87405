#!/usr/bin/env python3
"""scripts/extract_keypoints.py: what it writes, upright pictures and the container's times.

Usage: extract_keypoints_test.py MI_PREPARE [unittest arguments]
MediaPipe is not needed: a fake model reads marks that the made videos carry. The test with the real
model runs where its environment and the real recordings are; videos need ffmpeg and ffprobe.
"""
import csv
import importlib.util
import json
import shutil
import struct
import subprocess
import sys
import unittest
from types import SimpleNamespace

import support
from support import SOURCE, shared_data

SCRIPT = SOURCE / "scripts" / "extract_keypoints.py"
sys.dont_write_bytecode = True
SPEC = importlib.util.spec_from_file_location("extract_keypoints", SCRIPT)
extract_keypoints = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(extract_keypoints)
Problem = extract_keypoints.Problem

JOINT_NAMES = {"neck": 0, "right_wrist": 3, "left_wrist": 6}
RIGHT_HAND, LEFT_HAND = 7, 27  # 20 finger joints each, thumb to little finger


def landmarks(x=0.5, y=0.25, hands=True):
    """A made person whose every point is somewhere else."""
    pose = [[x + 0.003 * i, y + 0.005 * i, 0.5 + 0.01 * i] for i in range(33)]

    def hand(shift):
        return [[x + shift + 0.001 * i, y + 0.3 + 0.002 * i, 1.0] for i in range(21)] if hands else []
    return {"pose": pose, "left_hand": hand(0.1), "right_hand": hand(0.2)}


def read_joints(path):
    """float32 [frames, 47, 3] of a .npy as nested tuples."""
    data = path.read_bytes()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    frames = (len(data) - start) // (47 * 3 * 4)
    flat = struct.unpack(f"<{frames * 47 * 3}f", data[start:])
    return [[flat[(f * 47 + j) * 3:(f * 47 + j) * 3 + 3] for j in range(47)] for f in range(frames)]


class Fake:
    """Stands for MediaPipe: `see` makes a frame's landmarks of its RGB bytes."""

    def __init__(self, see):
        self.see, self.closed, self.sizes = see, False, set()

    def look(self, rgb, width, height):
        self.sizes.add((width, height))
        return self.see(rgb, width, height)

    def close(self):
        self.closed = True


class Case(support.Case):
    def extract(self, video, see, out="points", form="openpose", **options):
        self.fake = Fake(see)
        return extract_keypoints.extract(video, self.folder / out, form, make_model=lambda: self.fake,
                                         **options)

    def assert_refused(self, part, *arguments, **options):
        before = self.names()
        with self.assertRaises(Problem) as raised:
            self.extract(*arguments, **options)
        self.assertIn(part, str(raised.exception))
        self.assertTrue(str(raised.exception).endswith("."), raised.exception)
        self.assertEqual(self.names(), before)

    def times(self, out="points"):
        with open(self.folder / out / "times.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        self.assertEqual(rows[0], ["frame", "time_s"])
        return [(int(number), float(seconds)) for number, seconds in rows[1:]]

    def ffmpeg(self, *arguments):
        if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
            self.skipTest("no ffmpeg and ffprobe here")
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)

    def counted(self, name, select="1", rate=50, frames=100, more=()):
        """A video whose n-th source frame says n, as two digits of brightness; `select` drops some."""
        path = self.folder / name
        self.ffmpeg("-f", "lavfi", "-i", f"nullsrc=s=64x48:r={rate}", *more, "-frames:v", frames,
                    "-vf", f"trim=end_frame={frames},geq=lum='40+20*if(lt(X,32),floor(N/10),mod(N,10))':cb=128:cr=128,select='{select}'",
                    "-fps_mode", "vfr", "-c:v", "mpeg4", "-q:v", "1", path)
        return path


def brightness(rgb, width, height):
    """The number that `counted` wrote into a picture, as the place of a person."""
    tens, ones = (round((rgb[3 * (width * (height // 2) + x)] * 219 / 255 + 16 - 40) / 20) for x in (16, 48))
    return landmarks(x=(10 * tens + ones) / 128)


class Writers(Case):
    def test_both_forms_give_the_same_joints_in_the_right_places(self):
        seen = [landmarks(), landmarks(x=0.3), landmarks(x=0.4, hands=False)]
        arrays = {}
        for form, writer in extract_keypoints.WRITERS.items():
            folder = self.folder / form
            folder.mkdir()
            made = writer(folder, "take", 640, 360)
            for number, frame in enumerate(seen):
                made.add(number, number / 25, frame)
            made.close()
            source = folder if form == "openpose" else folder / "holistic.json"
            self.assert_works("pose", source, "-o", self.folder / f"{form}.npy")
            arrays[form] = read_joints(self.folder / f"{form}.npy")
        for frame in range(2):
            pose, x0 = seen[frame]["pose"], (0.5, 0.3)[frame]
            # MediaPipe's own numbers: 11 and 12 shoulders, 15 and 16 wrists, left first.
            expected = {"neck": [(pose[11][i] + pose[12][i]) / 2 for i in (0, 1)],
                        "right_wrist": pose[16][:2], "left_wrist": pose[15][:2]}
            for form, joints in arrays.items():
                for name, (x, y) in expected.items():
                    got = joints[frame][JOINT_NAMES[name]]
                    self.assertAlmostEqual(got[0], x * 640, delta=0.01, msg=(form, name))
                    self.assertAlmostEqual(got[1], y * 360, delta=0.01, msg=(form, name))
                for i in range(20):  # a hand's point 0 is its wrist, which is not used
                    self.assertAlmostEqual(joints[frame][RIGHT_HAND + i][0], (x0 + 0.201 + 0.001 * i) * 640, delta=0.01)
                    self.assertAlmostEqual(joints[frame][LEFT_HAND + i][0], (x0 + 0.101 + 0.001 * i) * 640, delta=0.01)
        for a, b in zip(arrays["openpose"], arrays["mediapipe"]):
            for joint_a, joint_b in zip(a, b):
                for one, other in zip(joint_a, joint_b):
                    self.assertAlmostEqual(one, other, delta=0.005)
        self.assertEqual(arrays["openpose"][2][RIGHT_HAND][2], 0)  # not seen: a gap

    def test_openpose_frames_have_openpose_form(self):
        frame = extract_keypoints.openpose_frame(landmarks(), 100, 100)
        person = frame["people"][0]
        self.assertEqual(len(person["pose_keypoints_2d"]), 75)
        self.assertEqual(len(person["hand_left_keypoints_2d"]), 63)
        self.assertEqual(len(person["hand_right_keypoints_2d"]), 63)
        neck = person["pose_keypoints_2d"][3:6]
        self.assertEqual(neck[2], 0.61)  # the less certain shoulder's
        nobody = {"pose": [], "left_hand": [], "right_hand": []}
        self.assertEqual(extract_keypoints.openpose_frame(nobody, 100, 100)["people"], [])
        alone = dict(nobody, left_hand=landmarks()["left_hand"])
        person = extract_keypoints.openpose_frame(alone, 100, 100)["people"][0]
        self.assertEqual(set(person["pose_keypoints_2d"]), {0})

    def test_mediapipe_results_become_landmarks(self):
        def points(*list_of):
            return SimpleNamespace(landmark=[SimpleNamespace(x=x, y=y, visibility=v) for x, y, v in list_of])
        result = SimpleNamespace(pose_landmarks=points((0.1, 0.2, 1.0000001), (0.3, 0.4, 0.5)),
                                 left_hand_landmarks=points((0.5, 0.5, 0), (1.1, 0.5, 0)),
                                 right_hand_landmarks=None)
        self.assertEqual(extract_keypoints.landmarks_of(result),
                         {"pose": [[0.1, 0.2, 1.0], [0.3, 0.4, 0.5]],
                          "left_hand": [[0.5, 0.5, 1.0], [1.1, 0.5, 0.0]], "right_hand": []})


class Times(Case):
    def test_a_variable_frame_rate_keeps_the_containers_times(self):
        kept = [n for n in range(100) if n % 3 == 0 or n % 7 == 0]
        for name, rate in (("vfr.mp4", 50), ("vfr.mkv", 60)):
            video = self.counted(name, select="not(mod(n,3))+not(mod(n,7))", rate=rate)
            self.extract(video, brightness, out=name + ".points")
            times = self.times(name + ".points")
            self.assertEqual([number for number, _ in times], list(range(len(kept))))
            for (_, seconds), n in zip(times, kept):
                self.assertAlmostEqual(seconds, n / rate, delta=1e-3)
            # Each time has its own picture, and what is read from there follows it.
            files = sorted((self.folder / (name + ".points")).glob("*_keypoints.json"))
            for file, n in zip(files, kept):
                person = json.loads(file.read_text(encoding="utf-8"))["people"][0]
                self.assertAlmostEqual(person["pose_keypoints_2d"][0], n / 128 * 64, delta=0.01)
            self.assert_works("pose", self.folder / (name + ".points"), "-o", self.folder / "out.npy", "--force")
            joints = read_joints(self.folder / "out.npy")
            self.assertEqual(len(joints), int(kept[-1] / rate * 25 + 1e-6) + 1)
            for frame, joint in enumerate(joints):  # the place grows as time does
                expected = (frame / 25 * rate / 128 + 0.003 * 11.5) * 64
                self.assertAlmostEqual(joint[0][0], expected, delta=0.06)

    def test_times_count_from_the_start_of_the_sound(self):
        video = self.folder / "late.mkv"
        self.ffmpeg("-f", "lavfi", "-i", "sine=r=8000:d=1", "-itsoffset", "0.24", "-f", "lavfi", "-i",
                    "color=gray:s=64x48:r=25:d=0.4", "-map", "0:a", "-map", "1:v", "-c:a", "pcm_s16le",
                    "-c:v", "mpeg4", video)
        self.extract(video, lambda *_: landmarks())
        self.assertAlmostEqual(self.times()[0][1], 0.24, delta=1e-3)
        self.assertAlmostEqual(self.times()[-1][1], 0.24 + 9 / 25, delta=1e-3)

    def test_fewer_frames_are_the_nearest_ones(self):
        video = self.counted("even.mp4")
        self.extract(video, brightness, fps=10)
        self.assertEqual(self.times(), [(5 * i, round(0.1 * i, 6)) for i in range(20)])
        self.assertEqual(extract_keypoints.wanted_frames([0, 0.5, 1.0], 25), [0, 1, 2])
        self.assertEqual(extract_keypoints.rising([-0.1, 0.0, 0.2, 0.2]), [0.0, 0.001, 0.2, 0.201])


class Upright(Case):
    # The matrix of an MP4's track header for a quarter, half and three-quarter turn clockwise, and
    # where it puts a point of a picture of w x h.
    TURNS = {90: ((0, 1, -1, 0), lambda x, y, w, h: (h - y, x)),
             180: ((-1, 0, 0, -1), lambda x, y, w, h: (w - x, h - y)),
             270: ((0, -1, 1, 0), lambda x, y, w, h: (y, w - x))}

    @staticmethod
    def turn(path, matrix):
        data = bytearray(path.read_bytes())
        at = data.index(b"tkhd") + 4 + 40  # version 0
        a, b, c, d = (value << 16 for value in matrix)
        data[at:at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        path.write_bytes(data)

    @staticmethod
    def white_place(rgb, width, height):
        """A person at the middle of the bright pixels."""
        bright = [i for i in range(width * height) if rgb[3 * i] > 128]
        if not bright:
            return {"pose": [], "left_hand": [], "right_hand": []}
        x = sum(i % width + 0.5 for i in bright) / len(bright) / width
        y = sum(i // width + 0.5 for i in bright) / len(bright) / height
        return {"pose": [[x, y, 1.0]] * 33, "left_hand": [], "right_hand": []}

    def test_turned_videos_are_seen_as_a_player_shows_them(self):
        video = self.folder / "flat.mp4"
        self.ffmpeg("-f", "lavfi", "-i", "color=black:s=96x48:r=25:d=0.2", "-vf",
                    "drawbox=x=80:y=8:w=8:h=8:color=white:t=fill", "-c:v", "mpeg4", "-q:v", "1", video)
        for degrees, (matrix, place) in self.TURNS.items():
            turned = self.folder / f"turned{degrees}.mp4"
            shutil.copy(video, turned)
            self.turn(turned, matrix)
            out = f"points{degrees}"
            summary = self.extract(turned, self.white_place, out=out)
            size = (48, 96) if degrees != 180 else (96, 48)
            self.assertEqual(self.fake.sizes, {size})
            self.assertIn(f"{size[0]}x{size[1]}", summary)
            file = sorted((self.folder / out).glob("*_keypoints.json"))[0]
            x, y, _ = json.loads(file.read_text(encoding="utf-8"))["people"][0]["pose_keypoints_2d"][:3]
            expected = place(84, 12, 96, 48)
            self.assertAlmostEqual(x, expected[0], delta=1)
            self.assertAlmostEqual(y, expected[1], delta=1)


class Refusals(Case):
    def test_what_cannot_be_a_video_is_refused(self):
        self.assert_refused("no file there", self.folder / "none.mp4", brightness)
        text = self.folder / "text.mp4"
        text.write_text("not a video", encoding="utf-8")
        if shutil.which("ffprobe"):
            self.assert_refused("as a video", text, brightness)
        sound = self.folder / "sound.wav"
        support.write_wav(sound, 0.2)
        if shutil.which("ffprobe"):
            self.assert_refused("it has no pictures", sound, brightness)

    def test_nobody_in_the_picture_leaves_nothing_behind(self):
        video = self.counted("empty.mp4", frames=10)
        nobody = {"pose": [], "left_hand": [], "right_hand": []}
        self.assert_refused("got nobody in 10 frames", video, lambda *_: nobody)
        self.assertTrue(self.fake.closed)

    def test_a_stop_leaves_nothing_behind(self):
        video = self.counted("stopped.mp4", frames=10)
        before = self.names()

        def stop(*_):
            raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            self.extract(video, stop)
        self.assertEqual(self.names(), before)
        self.assertTrue(self.fake.closed)

    def test_only_keypoints_are_replaced_and_only_by_force(self):
        video = self.counted("short.mp4", frames=5)
        self.extract(video, brightness)
        self.assert_refused("--force", video, brightness)
        self.extract(video, brightness, form="mediapipe", force=True)
        self.assertEqual([p.name for p in (self.folder / "points").iterdir()], ["holistic.json"])
        (self.folder / "points" / "thesis.txt").write_text("years", encoding="utf-8")
        self.assert_refused("other files than keypoints", video, brightness, force=True)

    def test_the_command_line_refuses_before_it_installs_anything(self):
        (self.folder / "out").mkdir()
        for arguments, part in ((["-o", self.folder / "out"], "exists"),
                                (["-o", self.folder / "new", "--fps", "0"], "1 to 1000")):
            result = subprocess.run([sys.executable, str(SCRIPT), "video.mp4", *map(str, arguments)],
                                    capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(result.returncode, 2)
            self.assertIn(part, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1)


class RealModel(Case):
    def test_a_real_violinist_is_found_and_read(self):
        if not (extract_keypoints.CACHE / "mediapipe-0.10.21" / ".ready").exists():
            self.skipTest("no environment yet: scripts/extract_keypoints.py makes it on its first use")
        data = shared_data()
        if data is None:
            self.skipTest("no real recordings: set MINET_SHARED_DATA or put them at ../shared/data")
        result = subprocess.run([sys.executable, str(SCRIPT), str(data / "urmp/urmp_vln1_0-5s.mp4"), "-o",
                                 str(self.folder / "points"), "--fps", "6"], capture_output=True, text=True,
                                timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("448x724", result.stdout)
        times = self.times()
        self.assertEqual(len(times), 30)
        for number, seconds in times:
            self.assertAlmostEqual(seconds, number * 1001 / 30000, delta=1e-3)
        self.assert_works("pose", self.folder / "points", "-o", self.folder / "player.npy")
        joints = read_joints(self.folder / "player.npy")
        self.assertGreaterEqual(len(joints), 120)
        seen = sum(frame[0][2] > 0.5 for frame in joints) / len(joints)
        self.assertGreater(seen, 0.95)
        for frame in joints:  # px, as seen in the picture: she sits low, her violin to the right
            neck, right, left = (frame[JOINT_NAMES[name]] for name in ("neck", "right_wrist", "left_wrist"))
            self.assertTrue(150 < neck[0] < 210 and 410 < neck[1] < 480, neck)
            self.assertTrue(100 < right[0] < 260 and 450 < right[1] < 660, right)
            self.assertTrue(330 < left[0] < 400 and 440 < left[1] < 500, left)


if __name__ == "__main__":
    support.main(["program"], __doc__)
