#!/usr/bin/env python3
"""Files as people really have them: the right result, or a sentence with the right cause; never a silent wrong result.

Usage: files_test.py MI_PREPARE [unittest arguments]

All input is synthetic, so that the right result is known: the player's neck is at x = 400 + 3 i in frame i, and the
sound's pitch rises every half second, so that pitch gives the time. Videos and other containers need ffmpeg.
"""
import array
import csv
import json
import math
import os
import resource
import shutil
import struct
import subprocess
import unicodedata
import unittest

import support
from support import JOINTS, read_npy, write_npy, write_wav

HAVE_FFMPEG = shutil.which("ffmpeg") and shutil.which("ffprobe")
RATE = 22050
WIDTH, HEIGHT = 1600, 900
HAND = 21


# ---- the player

def player(i, x=None, turned=lambda point: point):
    """47 [x, y]: neck; right shoulder, elbow, wrist; the left ones; 20 right and 20 left finger joints."""
    x = 400 + 3 * i if x is None else x
    joints = [[x, 250]]
    for side in (-1, 1):
        joints += [[x + side * 70, 250], [x + side * 105, 340], [x + side * 85 + 20 * math.sin(i / 4), 390]]
    for side, wrist in ((-1, joints[3]), (1, joints[6])):
        joints += [[wrist[0] + side * 5 * (finger - 2), wrist[1] + 6 + 5 * joint]
                   for finger in range(5) for joint in range(4)]
    return [turned(point) for point in joints]


def with_confidence(points, confidence=0.9):
    return [[x, y, confidence] for x, y in points]


def coco17(points):
    body = [[0, 0, 0] for _ in range(17)]
    for to, joint in {5: 4, 6: 1, 7: 5, 8: 2, 9: 6, 10: 3}.items():
        body[to] = points[joint]
    return body


def flat(points):
    return [value for point in points for value in point]


def person(i, image=None, points=None, **more):
    points = with_confidence(player(i)) if points is None else points
    return {"image_id": image or f"{i}.jpg", "category_id": 1, "keypoints": flat(coco17(points)), "score": 2.0, **more}


def wholebody(points):
    body = coco17(points) + [[points[0][0], points[0][1] - 80, 0.5]] * 74
    return body + [points[6], *points[27:47], points[3], *points[7:27]]


def openpose(points, hands=True):
    body = [[0, 0, 0] for _ in range(25)]
    body[1:8] = points[:7]
    side = {"left": flat([points[6], *points[27:47]]), "right": flat([points[3], *points[7:27]])}
    return {"people": [{"pose_keypoints_2d": flat(body),
                        **{f"hand_{name}_keypoints_2d": side[name] if hands else [] for name in side}}]}


def holistic(frames, time=lambda i: i / 25, hands=lambda points: (points[27:47], points[7:27])):
    def parts(points):
        return [[x / WIDTH, y / HEIGHT, c] for x, y, c in points]
    made = []
    for i, points in enumerate(frames):
        left, right = hands(points)
        body = [[points[0][0], points[0][1], 0.9]] * 33
        for to, joint in {11: 4, 12: 1, 13: 5, 14: 2, 15: 6, 16: 3}.items():
            body[to] = points[joint]
        made.append({"frame": i, "time_s": time(i), "pose": parts(body),
                     "left_hand": parts([points[6], *left]), "right_hand": parts([points[3], *right])})
    return {"format": "mediapipe-holistic", "version": 1, "width": WIDTH, "height": HEIGHT, "frames": made}


PARTS = ["neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist"]


def deeplabcut(rows, likelihood=True, end="\n", separator=",", index_columns=1):
    """rows: (first cells, frame number)."""
    coords = ["x", "y", "likelihood"] if likelihood else ["x", "y"]
    blank = [""] * (index_columns - 1)
    lines = [["scorer", *blank] + ["DLC"] * 7 * len(coords), ["bodyparts", *blank] + [p for p in PARTS for _ in coords],
             ["coords", *blank] + coords * 7]
    for first, i in rows:
        cells = [f"{value:.3f}" for point in with_confidence(player(i))[:7] for value in point[:len(coords)]]
        if separator == ";":
            cells = [cell.replace(".", ",") for cell in cells]
        lines.append([first, *cells])
    return "".join(separator.join(line) + end for line in lines)


# ---- the sound

def melody(seconds, rate=RATE, start=0.0):
    """A new step every half second: 200 * 2^(k / 10) Hz."""
    phase, samples = 0.0, []
    for n in range(round(seconds * rate)):
        phase += 2 * math.pi * 200 * 2 ** (int((start + n / rate) / 0.5) / 10) / rate
        samples.append(0.3 * math.sin(phase))
    return samples


def wav_bytes(channels, rate=RATE, riff=None, size=None, before=b"", after=b""):
    data = array.array("h", (round(32767 * v) for frame in zip(*channels) for v in frame)).tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, len(channels), rate, 2 * rate * len(channels), 2 * len(channels), 16)
    body = fmt + before + b"data" + struct.pack("<I", len(data) if size is None else size) + data + after
    return b"RIFF" + struct.pack("<I", 4 + len(body) if riff is None else riff) + b"WAVE" + body


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-loglevel", "error", *map(str, arguments)], check=True)


def goertzel(samples, rate, hz):
    w = 2 * math.cos(2 * math.pi * hz / rate)
    a = b = 0.0
    for sample in samples:
        a, b = sample + w * a - b, a
    return math.sqrt(max(0.0, a * a + b * b - w * a * b))


def step_at(samples, at, rate=16000):
    """The melody's step that sounds in the 0.2 s from `at` on; None if they are silent."""
    part = samples[int(at * rate):int((at + 0.2) * rate)]
    if math.sqrt(sum(s * s for s in part) / len(part)) < 0.01:
        return None
    return max(range(30), key=lambda k: goertzel(part, rate, 200 * 2 ** (k / 10)))


class Case(support.Case):
    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    def openpose_folder(self, name, frames):
        for i, frame in frames:
            self.write(f"{name}/take_{i:06d}_keypoints.json", frame)
        return self.folder / name

    def pose(self, source, *options, says=(), silent_about=()):
        out = self.folder / "player.npy"
        out.unlink(missing_ok=True)
        result = self.assert_works("pose", source, "-o", out, *options)
        for part in says:
            self.assertIn(part, result.stderr)
        for part in silent_about:
            self.assertNotIn(part, result.stderr)
        return read_npy(out)

    def refuses(self, source, *options, says):
        (self.folder / "player.npy").unlink(missing_ok=True)
        return self.assert_fails("pose", source, "-o", self.folder / "player.npy", *options, says=says)

    def assert_player(self, pose, frames, joints=range(7), within=0.6, which=None):
        self.assertEqual(len(pose), frames)
        for i in range(frames) if which is None else which:
            for joint in joints:
                for axis in range(2):
                    self.assertAlmostEqual(pose[i][joint][axis], player(i)[joint][axis], delta=within,
                                           msg=f"frame {i}, joint {joint}")

    def table(self, *rows, header="audio,pose"):
        return self.write("tracks.csv", "\n".join((header, *rows)) + "\n")

    def corpus(self, *rows, header="audio,pose", options=()):
        shutil.rmtree(self.folder / "corpus", ignore_errors=True)
        return self.assert_works("folder", "--table", self.table(*rows, header=header), "--out", self.folder / "corpus",
                                 *options)

    def sound_of(self, track):
        raw = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", self.folder / "corpus" / track / "audio.flac", "-f",
                              "f32le", "-"], capture_output=True, check=True).stdout
        return array.array("f", raw)

    def assert_melody(self, track, at, seconds, shift=0.0):
        sound = self.sound_of(track)
        self.assertAlmostEqual(len(sound) / 16000, seconds, delta=0.1)
        for second in at:
            self.assertEqual(step_at(sound, second), int((second + shift) / 0.5), f"at {second} s")

    def recording(self, samples, name="take.wav", frames=200, **options):
        self.write(name, wav_bytes(samples, **options))
        write_npy(self.folder / "pose.npy", (frames, JOINTS, 3))


class Ids(Case):
    def test_a_track_that_ends_where_another_begins_is_one_person(self):
        def other(i):  # sits still at the side, with the same track number throughout
            return person(i, points=with_confidence(player(i, x=1300)), idx=2)
        people = [p for i in range(90) for p in (other(i), person(i, idx=1 if i < 20 else 5 if i < 60 else 9))]
        pose = self.pose(self.write("alphapose.json", people), "--person", "1", says=["1, 5, 9"])
        self.assert_player(pose, 90)

    def test_a_player_with_a_new_number_in_another_place_is_found_again(self):
        path = self.write("alphapose.json", [
            person(i, points=with_confidence(player(i, x=400 if i < 40 else 1300)), idx=1 if i < 40 else 7)
            for i in range(80)])
        pose = self.pose(path, says=["1, 7", "found again in another place in frame 40"], silent_about=["not seen"])
        self.assertAlmostEqual(pose[20][0][0], 400, delta=0.6)
        self.assertAlmostEqual(pose[60][0][0], 1300, delta=0.6)
        self.pose(path, "--person", "1", says=["40 of 80 frames: the player is not seen"], silent_about=["1, 7"])

    def test_two_numbers_that_change_places_are_not_two_jumps(self):
        def ids(i):
            return (1, 2) if i < 40 else (2, 1)
        people = [p for i in range(80) for p in (person(i, idx=ids(i)[0]),
                                                 person(i, points=with_confidence(player(i, x=1300)), idx=ids(i)[1]))]
        self.assert_player(self.pose(self.write("alphapose.json", people), "--person", "1"), 80)

    def test_no_number_is_not_nobody(self):
        for absent in (None, -1, []):
            with self.subTest(absent=absent):
                people = [person(i, idx=absent if i < 10 or 50 <= i < 60 else 3) for i in range(80)]
                self.assert_player(self.pose(self.write("alphapose.json", people)), 80)

    def test_a_number_is_a_number_however_it_is_written(self):
        for form in (int, float, str, lambda n: [float(n)], lambda n: f"{n}.0"):
            people = []
            for i in range(60):
                two = [person(i, points=with_confidence(player(i, x=x)), idx=form(n))
                       for n, x in ((1, 400 + 5 * i), (2, 700 - 5 * i))]
                people += two if i % 2 else two[::-1]
            path = self.write("alphapose.json", people)
            for number, x in (("1", lambda i: 400 + 5 * i), ("2", lambda i: 700 - 5 * i)):
                pose = self.pose(path, "--person", number)
                self.assertEqual(len(pose), 60)
                for i in range(60):
                    self.assertAlmostEqual(pose[i][0][0], x(i), delta=0.6)


class SeveralPeople(Case):
    """Without numbers of a tracker."""

    def duet(self, x, neighbour, frames=100):
        def people(i):
            return [made for made in ((x(i) and person(i, points=with_confidence(player(i, x=x(i))))),
                                      person(i, points=with_confidence(player(i, x=neighbour)))) if made]
        return self.write("coco.json", [p for i in range(frames) for p in people(i)])

    def test_a_lost_player_is_a_gap_and_not_the_neighbour(self):
        for lost, neighbour in ((5, 550), (25, 800)):
            path = self.duet(lambda i: None if 40 <= i < 40 + lost else 400, neighbour)
            pose = self.pose(path, "--person", "0", says=[f"{lost} of 100 frames: the player is not seen"],
                             silent_about=["another place"])
            for i in range(100):
                self.assertAlmostEqual(pose[i][0][0], 400, delta=0.6)
                self.assertEqual(pose[i][0][2] > 0, not 40 <= i < 40 + lost)

    def test_a_player_in_another_place_may_be_somebody_else(self):
        path = self.duet(lambda i: 400 if i < 40 else 700 if i >= 60 else None, 1300)
        pose = self.pose(path, "--person", "0", says=["found again in another place in frame 60"])
        self.assertAlmostEqual(pose[99][0][0], 700, delta=0.6)


class FrameNumbers(Case):
    def test_a_late_first_number_is_a_late_entry_where_the_tool_leaves_out_frames_without_people(self):
        late = [self.write("alphapose.json", [person(i) for i in range(40, 90)]),
                self.write("dlc.csv", deeplabcut([(str(i), i) for i in range(40, 90)]))]
        for path in late:
            pose = self.pose(path, says=["number 40"])
            self.assert_player(pose, 90, which=range(40, 90))
            self.assertEqual(pose[39][0][2], 0)
            cut = self.pose(path, "--first-frame", "40")
            self.assertEqual(len(cut), 50)
            self.assertAlmostEqual(cut[0][0][0], player(40)[0][0], delta=0.1)

    def test_openpose_writes_every_frame_so_its_first_number_is_the_start(self):
        folder = self.openpose_folder("json", ((i, openpose(with_confidence(player(i)))) for i in range(30, 60)))
        self.assertEqual(len(self.pose(folder, says=["frame 30"])), 30)

    def test_a_number_may_stand_in_an_image_name_or_have_a_point(self):
        names = (lambda i: f"labeled-data/take/img{i:03d}.png", lambda i: f"{i}.0", lambda i: f"take_{i}.jpeg")
        for name in names:
            rows = [(name(i), i) for i in range(80) if i % 5 in (0, 4)]
            self.assert_player(self.pose(self.write("dlc.csv", deeplabcut(rows))), 80, joints=[0])
        rows = [(f"labeled-data,take,img{i:03d}.png", i) for i in range(80)]
        self.assert_player(self.pose(self.write("dlc.csv", deeplabcut(rows, index_columns=3))), 80)

    def test_two_recordings_in_one_file_are_not_one(self):
        two = [person(i, f"{take}_{i:03d}.png") for take, count in (("morning", 60), ("evening", 40)) for i in range(count)]
        self.refuses(self.write("two.json", two), says=["morning_", "evening_"])
        rows = [(f"labeled-data/{take}/img{i}.png", i) for take in ("one", "two") for i in range(20)]
        self.refuses(self.write("dlc.csv", deeplabcut(rows)), says=["one/img", "two/img"])
        for i in range(10):
            self.write(f"json/first_{i}_keypoints.json", openpose(with_confidence(player(i))))
            self.write(f"json/second_{i + 10}_keypoints.json", openpose(with_confidence(player(i))))
        self.refuses(self.folder / "json", says=["first_", "second_"])
        frames = [{"frame_id": i % 30, "instances": []} for i in range(60)]
        self.refuses(self.write("mmpose.json", frames), says=["twice"])

    def test_links_to_nothing_are_lost_frames_and_no_gaps(self):
        folder = self.openpose_folder("json", ((i, openpose(with_confidence(player(i)))) for i in range(0, 20, 2)))
        for i in range(1, 20, 2):
            os.symlink(f"../gone/{i}.json", folder / f"take_{i:06d}_keypoints.json")
        self.refuses(folder, says=["10 of 20", "broken links"])
        os.symlink("nowhere", self.folder / "alone.json")
        self.refuses(self.folder / "alone.json", says=["link to nowhere"])


class Plausible(Case):
    def test_exactly_zero_is_no_place_whatever_its_confidence(self):
        def points(i):
            made = with_confidence(player(i))
            if 30 <= i < 45:
                made[6] = [0, 0, 0.6]
            return made
        sources = [self.write("coco.json", [{**person(i), "keypoints": flat(coco17(points(i)))} for i in range(70)]),
                   self.write("wholebody.json", [{"image_id": i, "keypoints": flat(wholebody(points(i)))} for i in range(70)]),
                   self.write("holistic.json", holistic([points(i) for i in range(70)])),
                   self.openpose_folder("json", ((i, openpose(points(i))) for i in range(70)))]
        for source in sources:
            pose = self.pose(source, "--fps", "25")
            self.assert_player(pose, 70, joints=range(6))
            for i in range(30, 45):
                for axis in range(2):
                    before, after = (pose[f][6][axis] - pose[f][5][axis] for f in (29, 45))
                    straight = before + (after - before) * (i - 29) / 16
                    self.assertAlmostEqual(pose[i][6][axis] - pose[i][5][axis], straight, delta=0.5)
            if source.name != "coco.json":  # fingers that were seen stay where they were seen
                self.assert_player(pose, 70, joints=range(27, 47))

    def test_no_confidence_at_all_is_not_a_confidence_of_0(self):
        def hands(points):
            return ([[x, y, 0] for x, y, _ in points[27:47]], [[x, y, 0] for x, y, _ in points[7:27]])
        frames = [with_confidence(player(i)) for i in range(50)]
        self.assert_player(self.pose(self.write("h.json", holistic(frames, hands=hands)), says=["right and the left hand"]),
                           50, joints=range(7, 47), within=1)
        everything = [{**person(i), "keypoints": flat(coco17(with_confidence(player(i), 0)))} for i in range(50)]
        self.refuses(self.write("coco.json", everything), says=["confidence above 0"])

    def test_units_of_time(self):
        frames = [with_confidence(player(i)) for i in range(60)]
        for unit, name in ((1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds")):
            path = self.write("h.json", holistic(frames, time=lambda i: i * 0.04 * unit))
            self.assert_player(self.pose(path, says=[f"warning: {path}: times", name]), 60)
        folder = self.openpose_folder("json", ((i, openpose(f)) for i, f in enumerate(frames)))
        self.write("json/times.csv", "frame,time_s\n" + "".join(f"{i},{i * 40}\n" for i in range(60)))
        self.assert_player(self.pose(folder, says=["milliseconds"]), 60)
        for step in (0.04, 0.5, 1 / 240):  # seconds, also at 2 and 240 frames per second
            self.pose(self.write("h.json", holistic(frames, time=lambda i: i * step)), silent_about=["warning"])
        epoch = self.write("h.json", holistic(frames, time=lambda i: 1.7e9 + i * 0.04))
        self.refuses(epoch, says=["from the recording's start"])

    def test_coordinates_that_are_no_pixels(self):
        def parts(point):
            return [point[0] / WIDTH, point[1] / HEIGHT]

        def centred(point):
            return [2 * point[0] / WIDTH - 1, 2 * point[1] / HEIGHT - 1]
        for turned in (parts, centred):
            frames = ((i, openpose(with_confidence(player(i, turned=turned)))) for i in range(40))
            folder = self.openpose_folder(turned.__name__, frames)
            self.pose(folder, says=["aspect ratio"])
            self.assert_player(self.pose(folder, "--picture", f"{WIDTH}x{HEIGHT}", silent_about=["aspect"]), 40)
        small = ((i, openpose(with_confidence(player(i, turned=lambda p: [p[0] / 10, p[1] / 10])))) for i in range(40))
        self.pose(self.openpose_folder("small", small), silent_about=["aspect"])
        self.refuses(self.folder / "small", "--picture", "wide", says=["1280x720"])

    def test_swapped_hands_but_not_crossed_ones(self):
        right = [with_confidence(player(i)) for i in range(100)]
        swapped = self.write("swapped.json", holistic(right, hands=lambda p: (p[7:27], p[27:47])))
        self.pose(swapped, says=["left and right hands are swapped"])

        def crossed(i):  # hands and wrists swapped, for two of four seconds
            points = player(i)
            if 25 <= i < 75:
                for a, b in ((3, 6), *zip(range(7, 27), range(27, 47))):
                    points[a], points[b] = points[b], points[a]
            return with_confidence(points)
        def trumpeter(i):  # both hands before the mouth, the left fingers reaching to the right wrist
            points = player(i)
            x, y = points[0][0], points[0][1] + 20
            points[3], points[6] = [x - 15, y], [x + 15, y + 6]
            for finger in range(5):
                for joint in range(4):
                    points[7 + 4 * finger + joint] = [x - 10 + 8 * finger, y - 3 * joint]
                    points[27 + 4 * finger + joint] = [x - 20 + 6 * finger, y + 4 - 3 * joint]
            return with_confidence(points)
        near = self.write("trumpeter.json", holistic([trumpeter(i) for i in range(100)]))
        self.pose(near, silent_about=["swapped"])
        fine = self.write("crossed.json", holistic([crossed(i) for i in range(100)]))
        self.pose(fine, silent_about=["swapped"])

    def test_players_of_every_instrument_raise_no_alarm(self):
        self.assert_works("orchestra", "--out", self.folder / "players", "--tracks", "16", "--seconds", "5", "--sound",
                          "additive", "--no-mix", "--seed", "3")
        said = self.assert_works("folder", "--table", self.folder / "players/tracks.csv", "--out", self.folder / "corpus")
        for word in ("swapped", "lies on", "upside", "aspect", "never seen", "milliseconds"):
            self.assertNotIn(word, said.stderr)

    def test_posture_and_missing_hands(self):
        def folder(name, turned, hands=True):
            return self.openpose_folder(name, ((i, openpose(with_confidence(player(i, turned=turned)), hands))
                                               for i in range(30)))
        self.pose(folder("side", lambda p: [p[1], p[0]]), says=["lies on their side"])
        self.pose(folder("head", lambda p: [p[0], 900 - p[1]]), says=["upside down"])
        self.pose(folder("up", lambda p: p), silent_about=["side", "upside", "hand"])
        profile = folder("profile", lambda p: [500 + 0.05 * p[0], p[1]])
        self.pose(profile, silent_about=["side", "upside"])
        self.pose(folder("bare", lambda p: p, hands=False), says=["no hands are seen"])

    def test_points_outside_the_picture_are_not_seen(self):
        def points(i):
            made = with_confidence(player(i))
            made[6] = [made[6][0], HEIGHT + 40, 0.9]
            return made
        pose = self.pose(self.write("h.json", holistic([points(i) for i in range(30)])), says=["outside the image"])
        self.assertTrue(all(frame[6][2] == 0 for frame in pose))

    def test_folder_says_what_pose_says_and_check_names_the_track(self):
        frames = [with_confidence(player(i)) for i in range(200)]
        self.write("swapped.json", holistic(frames, hands=lambda p: (p[7:27], p[27:47])))
        self.write("ms.json", holistic(frames, time=lambda i: i * 40))
        self.write("right.json", holistic(frames))
        for name in ("swapped", "ms", "right"):
            write_wav(self.folder / f"{name}.wav", 8)
        said = self.corpus(*(f"{name}.wav,{name}.json" for name in ("swapped", "ms", "right")), options=["--test-share", "0"])
        for part in ("line 2: " + str(self.folder / "swapped.json"), "are swapped", "line 3:", "milliseconds"):
            self.assertIn(part, said.stderr)
        self.assertNotIn("line 4:", said.stderr)
        check = self.run_program("check", self.folder / "corpus").stdout
        self.assertRegex(check, r"swapped: .*are swapped")
        self.assertRegex(check, r"ms: .*milliseconds")
        self.assertNotRegex(check, r"right: ")

    def test_columns_onset_offset_pitch(self):
        def notes(*lines):
            return self.write("notes.txt", "".join(line + "\n" for line in lines))
        for lines in (("9.0 9.5 440.0", "9.5 10.0 493.88"), ("3.0\t3.5\t69", "3.5\t4.0\t71", "4.2\t5.0\t72"), ("9 9.5 440",)):
            self.assert_fails("notes", notes(*lines), "-o", self.folder / "n.csv", says=["offset"])
        listed = notes("9 1 69")
        self.assert_fails("notes", listed, "-o", self.folder / "n.mid", says=[".csv", "n.mid"])
        csv = self.write("own.csv", "onset_s,duration_s,pitch\n0,1,60\n")
        self.assert_fails("notes", csv, "-o", csv, "--force", says=["own.csv is an input"])
        pose = self.folder / "own.npy"
        support.write_npy(pose, (50, support.JOINTS, 3))
        self.assert_fails("pose", pose, "-o", pose, "--force", says=["own.npy is an input"])
        self.assert_fails("pose", pose, "-o", self.folder / "b.npy", "--preview", self.folder / "b.jpg",
                          says=["--preview", ".svg, .png or .mp4"])
        for lines in (("31.0 41.2 0.5", "31.5 43.65 0.4"), ("0.0 27.5 25.0",)):  # a double bass, and a long pedal
            self.assert_works("notes", notes(*lines), "-o", self.folder / "n.csv", "--force")


class Sounds(Case):
    def test_channels_that_would_cancel(self):
        tune = melody(8)
        loud, soft, other = [v for v in tune], [-0.4 * v for v in tune], [0.2 * math.sin(0.05 * n) for n in range(len(tune))]
        for name, channels in (("equal", [loud, [-v for v in tune]]), ("unequal", [loud, soft]),
                               ("surround", [other, loud, [-v for v in tune], [0.0] * len(tune)])):
            self.recording(channels, f"{name}.wav")
            said = self.corpus(f"{name}.wav,pose.npy", options=["--test-share", "0"])
            self.assertIn("opposite phase", said.stderr)
            if HAVE_FFMPEG and name != "surround":
                self.assert_melody(name, (0.2, 3.2, 6.2), 8)
        self.recording([loud, other], "two.wav")  # two different instruments are added
        self.assertNotIn("phase", self.corpus("two.wav,pose.npy").stderr)

    def test_an_offset_is_no_sound(self):
        self.recording([[0.2] * 8 * RATE], "still.wav")
        self.assert_fails("folder", "--table", self.table("still.wav,pose.npy"), "--out", self.folder / "corpus",
                          says=["sound in it"])
        self.recording([[0.1 + 0.5 * v for v in melody(8)]], "leaning.wav")
        self.assertIn("offset of 0.1", self.corpus("leaning.wav,pose.npy").stderr)

    @unittest.skipUnless(HAVE_FFMPEG, "needs ffmpeg")
    def test_a_length_that_the_header_does_not_say(self):
        tune = melody(8)
        size = 2 * len(tune)
        junk = b"JUNK" + struct.pack("<I", 1000) + bytes(1000)
        for name, header in (("zero", {"riff": 36, "size": 0}), ("junk", {"riff": 0, "size": 0, "before": junk}),
                             ("early", {"riff": 36 + size // 4, "size": size // 4}),
                             ("whole-file", {"size": size + 44}), ("some-more", {"size": size + 8})):
            self.recording([tune], f"{name}.wav", **header)
            said = self.corpus(f"{name}.wav,pose.npy")
            self.assertIn("header", said.stderr)
            self.assert_melody(name, (0.2, 3.2, 7.2), 8)
        for name, header in (("tag", {"after": b"ID3" + bytes(200000)}), ("list", {"after": b"LIST" + struct.pack("<I", 4) + b"INFO"})):
            self.recording([tune], f"{name}.wav", **header)
            self.assertNotIn("header", self.corpus(f"{name}.wav,pose.npy").stderr)
            self.assert_melody(name, (7.2,), 8)
        self.recording([tune], "cut.wav", size=2 * size, riff=2 * size + 36)
        self.assert_fails("folder", "--table", self.table("cut.wav,pose.npy"), "--out", self.folder / "other",
                          says=["cut off"])
        self.write("two.wav", wav_bytes([tune]) * 2)
        self.assert_fails("folder", "--table", self.table("two.wav,pose.npy"), "--out", self.folder / "other",
                          says=["two WAV files"])

    @unittest.skipUnless(HAVE_FFMPEG, "needs ffmpeg")
    def test_several_ogg_streams_in_a_row(self):
        whole = b""
        for start in (0, 3, 6):
            self.write("part.wav", wav_bytes([melody(3, start=start)]))
            ffmpeg("-i", self.folder / "part.wav", "-c:a", "libvorbis", "-q:a", "6", self.folder / "part.ogg")
            whole += (self.folder / "part.ogg").read_bytes()
        self.write("radio.ogg", whole)
        write_npy(self.folder / "pose.npy", (225, JOINTS, 3))
        self.assertIn("3 recordings", self.corpus("radio.ogg,pose.npy").stderr)
        self.assert_melody("radio", (0.2, 4.2, 8.2), 9)

    def test_own_trouble_is_not_the_inputs(self):
        if not HAVE_FFMPEG:
            self.skipTest("needs ffmpeg")
        self.recording([melody(8)], "good.wav")
        ffmpeg("-i", self.folder / "good.wav", "-c:a", "aac", self.folder / "take.m4a")
        table = self.table("good.wav,pose.npy", "take.m4a,pose.npy")
        for options in ((), ("--skip-bad",)):
            line = self.assert_fails("folder", "--table", table, "--out", self.folder / "corpus", *options, code=1,
                                     says=["on this machine", "TMPDIR"],
                                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)))
            self.assertIn("take.m4a", line)


@unittest.skipUnless(HAVE_FFMPEG, "needs ffmpeg")
class Films(Case):
    PICTURE = ["-f", "lavfi", "-i"]

    def film(self, name, *sound, fps="25", seconds=8, more=(), codec=("-c:v", "libx264", "-preset", "ultrafast")):
        ffmpeg(*self.PICTURE, f"testsrc=size=64x64:rate={fps}:duration={seconds}", *sound, *more, *codec, "-pix_fmt",
               "yuv420p", self.folder / name)

    def test_sound_is_laid_on_its_time_stamps(self):
        self.write("tune.wav", wav_bytes([melody(8)]))
        write_npy(self.folder / "pose.npy", (200, JOINTS, 3))
        for name, codec in (("gap.mp4", "aac"), ("gap.mkv", "libopus"), ("gap.ts", "aac"), ("gap.mov", "aac")):
            self.film(name, "-i", self.folder / "tune.wav", more=["-af", "aselect='not(between(t,3,4.4))'", "-c:a", codec])
            self.corpus(f"{name},pose.npy")
            self.assert_melody("gap", (0.2, 2.2, 5.2, 7.2), 8)
            self.assertIsNone(step_at(self.sound_of("gap"), 3.6))

    def test_sound_and_keypoints_of_a_film_are_on_one_clock(self):
        self.write("tune.wav", wav_bytes([melody(7)]))
        frames = [with_confidence(player(i)) for i in range(240)]
        self.openpose_folder("json", ((i, openpose(f)) for i, f in enumerate(frames)))
        late = ["-itsoffset", "0.6", "-i", self.folder / "tune.wav", "-map", "0:v", "-map", "1:a"]
        for fps, rate in (("30", 30.0), ("30000/1001", 30000 / 1001)):
            for name, codec in (("late.mp4", "aac"), ("late.mkv", "libopus"), ("late.ts", "aac")):
                self.film(name, *late, fps=fps, more=["-c:a", codec])
                said = self.corpus(f"{name},json")
                self.assertIn("times of the video's frames", said.stderr)
                sound, pose = self.sound_of("late"), read_npy(self.folder / "corpus" / "late" / "pose.npy")
                for at in (2.0, 5.0):  # neck and pitch give the same time, 0.6 s apart
                    picture_s = (pose[round(at * 25)][0][0] - 400) / 3 / rate
                    self.assertAlmostEqual(picture_s, at, delta=0.05)
                    self.assertEqual(step_at(sound, at + 0.2), int((at + 0.2 - 0.6) / 0.5))

    def test_a_late_picture_is_late_for_the_keypoints(self):
        self.write("tune.wav", wav_bytes([melody(8)]))
        self.film("first.mp4", seconds=7)
        ffmpeg("-itsoffset", "0.8", "-i", self.folder / "first.mp4", "-i", self.folder / "tune.wav", "-map", "0:v", "-map",
               "1:a", "-c:v", "copy", "-c:a", "pcm_s16le", self.folder / "film.mkv")
        self.openpose_folder("json", ((i, openpose(with_confidence(player(i)))) for i in range(175)))
        for row, header in (("film.mkv,json", "audio,pose"), ("film.mkv,json,25", "audio,pose,fps")):
            self.corpus(row, header=header)
            pose = read_npy(self.folder / "corpus" / "film" / "pose.npy")
            self.assertAlmostEqual(pose[100][0][0], 400 + 3 * (100 - 20), delta=2)

    def test_more_keypoints_than_pictures_are_refused_with_both_numbers(self):
        self.write("tune.wav", wav_bytes([melody(8)]))
        self.film("film.mp4", "-i", self.folder / "tune.wav")
        self.openpose_folder("json", ((i, openpose(with_confidence(player(i)))) for i in range(240)))
        self.assert_fails("folder", "--table", self.table("film.mp4,json"), "--out", self.folder / "corpus",
                          says=["200 frames", "240 frames"])

    def test_a_film_where_keypoints_are_expected_gets_the_command(self):
        self.film("film.mp4", seconds=2)
        self.refuses(self.folder / "film.mp4", says=["mi_prepare video", "-o film.npy"])


class Causes(Case):
    def test_tables_as_spreadsheets_write_them(self):
        rows = [(str(i), i) for i in range(40)]
        excel = self.write("excel.csv", ("\ufeff" + deeplabcut(rows, end="\r\n")).encode("utf-8"))
        self.assert_player(self.pose(excel), 40)
        self.assert_player(self.pose(self.write("dlc.csv", deeplabcut(rows, separator=";"))), 40, within=0.7)
        for name in ("a", "b"):
            write_wav(self.folder / f"{name}.wav", 5)
            self.write(f"{name}.json", [person(i) for i in range(150)])
        for separator in (";", "\t"):
            text = "\ufeff" + "\r\n".join(separator.join(row) for row in (
                ("audio", "pose", "fps"), ("a.wav", "a.json", "29,97"), ("b.wav", "b.json", "29,97"))) + "\r\n"
            table = self.write("tracks.csv", text)
            self.assert_works("folder", "--table", table, "--out", self.folder / "corpus", "--force")
            with open(self.folder / "corpus" / "tracks.csv", newline="", encoding="utf-8") as file:
                self.assertEqual([row["frames"] for row in csv.DictReader(file)], ["125", "125"])
        utf16 = self.write("tracks.csv", "audio,pose\na.wav,a.json\n".encode("utf-16"))
        self.assert_fails("folder", "--table", utf16, "--out", self.folder / "other", says=["UTF-16"])

    def test_labels_without_likelihood(self):
        rows = [(f"labeled-data/take/img{i:04d}.png", i) for i in range(40)]
        self.assert_player(self.pose(self.write("CollectedData.csv", deeplabcut(rows, likelihood=False)),
                                     says=["no likelihood"]), 40)

    def test_nan_and_infinity_in_json(self):
        def points(i):
            made = with_confidence(player(i))
            if i == 20:
                made[6] = [math.nan, math.inf, 0]
            if i == 22:
                made[3] = [-math.inf, 5, 0.9]
            return made
        sources = [self.write("coco.json", [{**person(i, f"NaN_{i}.jpg"), "keypoints": flat(coco17(points(i)))} for i in range(40)]),
                   self.openpose_folder("json", ((i, openpose(points(i))) for i in range(40)))]
        for source in sources:
            pose = self.pose(source, "--fps", "25", says=["2 joints with NaN"])
            self.assert_player(pose, 40, joints=[0, 1, 2, 4, 5])
            self.assertAlmostEqual(pose[20][6][0], (pose[19][6][0] + pose[21][6][0]) / 2, delta=1)

    def test_what_is_no_json(self):
        for content, cause in ((json.dumps([person(0)]).encode("utf-16"), "UTF-16"), (b"\x1f\x8b\x08\0\0", "gzip"),
                               (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"), (b"", "empty")):
            self.refuses(self.write("list.json", content), says=[cause])

    def test_a_name_in_another_unicode_form(self):
        for name in ("Ménage über.wav", "ガイド.wav"):
            write_wav(self.folder / unicodedata.normalize("NFD", name), 5)
            write_npy(self.folder / "pose.npy", (125, JOINTS, 3))
            self.assert_fails("folder", "--table", self.table(unicodedata.normalize("NFC", name) + ",pose.npy"), "--out",
                              self.folder / "corpus", says=["Unicode form"])
        self.assert_fails("folder", "--table", self.table("Menage.wav,pose.npy"), "--out", self.folder / "corpus",
                          says=["no such file"])


if __name__ == "__main__":
    support.main(["mi_prepare"], __doc__)
