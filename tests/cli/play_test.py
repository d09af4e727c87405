#!/usr/bin/env python3
"""mi_generate with files as people have them: it prints the same notices as mi_prepare, keeps a video's time, and plays
the intended part.

Usage: play_test.py MI_GENERATE MI_PREPARE [unittest arguments]

The model is models/plus of the repository; the input is that of files_test.py.
"""
import json
import pathlib
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import files_test as made
import support
from files_test import HEIGHT, WIDTH, ffmpeg, holistic, openpose, player, with_confidence

MODEL = support.SOURCE / "models/plus"


def midi(*tracks, ticks=480):
    """Format 1, 120 quarters per minute; a track is [(channel, pitch, quarter)], each note a quarter long."""
    def varint(value):
        out = [value & 127]
        while value := value >> 7:
            out.append(128 | value & 127)
        return bytes(out[::-1])
    chunks = []
    for name, notes in tracks:
        events = [(quarter * ticks, bytes([0x90 | channel, pitch, 80])) for channel, pitch, quarter in notes]
        events += [((quarter + 1) * ticks, bytes([0x80 | channel, pitch, 0])) for channel, pitch, quarter in notes]
        data, last = b"\0\xff\x03" + bytes([len(name)]) + name.encode(), 0
        for at, event in sorted(events):
            data += varint(at - last) + event
            last = at
        data += b"\0\xff\x2f\0"
        chunks.append(b"MTrk" + struct.pack(">I", len(data)) + data)
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(chunks), ticks) + b"".join(chunks)


class Case(made.Case):
    def play(self, pose, *options, says=(), silent_about=(), seconds=("--seconds", "0.5"), out="out.wav"):
        for path in self.folder.glob("out.*"):
            path.unlink()
        result = self.assert_works("--model", MODEL, "--pose", pose, *seconds, "--threads", "1", *options, "-o",
                                   self.folder / out)
        for part in says:
            self.assertIn(part, result.stderr)
        for part in silent_about:
            self.assertNotIn(part, result.stderr)
        return result

    def refused(self, *options, says):
        return self.assert_fails("--model", MODEL, *options, "-o", self.folder / "no.wav", says=says)

    def json_folder(self, frames, name="json", turned=lambda point: point, hands=True):
        return self.openpose_folder(name, ((i, openpose(with_confidence(player(i, turned=turned)), hands))
                                           for i in range(frames)))

    def seconds_of(self, name="out.wav"):
        data = self.stamp(name)
        return (len(data) - 44) / 32000

    def pitches(self):
        """The pitch of every 32 ms; plus plays exactly the notes that it is given (docs/plus.md)."""
        return [code // 2 % 129 - 1 for code in json.loads(self.stamp("out.json"))["codes"]]


class Noticed(Case):
    def test_what_looks_wrong_is_said(self):
        frames = [with_confidence(player(i)) for i in range(30)]
        swapped = self.write("swapped.json", holistic(frames, hands=lambda p: (p[7:27], p[27:47])))
        outside = [[*points[:6], [points[6][0], HEIGHT + 40, 0.9], *points[7:]] for points in frames]
        for pose, says in (
                (self.write("ms.json", holistic(frames, time=lambda i: i * 40)), "milliseconds"),
                (self.json_folder(30, "parts", lambda p: [p[0] / WIDTH, p[1] / HEIGHT]), "aspect ratio"),
                (swapped, "left and right hands are swapped"),
                (self.json_folder(30, "side", lambda p: [p[1], p[0]]), "lies on their side"),
                (self.json_folder(30, "bare", hands=False), "no hands are seen"),
                (self.write("outside.json", holistic([list(p) for p in outside])), "outside the image")):
            with self.subTest(says):
                self.play(pose, says=[str(pose), says])
        for pose in (self.write("right.json", holistic(frames)), self.json_folder(30)):
            self.play(pose, silent_about=["warning"])

    def test_a_picture_size_mends_the_aspect(self):
        parts = self.json_folder(30, "parts", lambda p: [p[0] / WIDTH, p[1] / HEIGHT])
        self.play(parts, "--picture", f"{WIDTH}x{HEIGHT}", silent_about=["warning"])
        scaled = self.pitches()
        self.play(self.json_folder(30))
        self.assertEqual(self.pitches(), scaled)


@unittest.skipUnless(made.HAVE_FFMPEG, "needs ffmpeg")
class Films(Case):
    def film(self, name, fps, seconds, *more):
        ffmpeg("-f", "lavfi", "-i", f"testsrc=size=64x64:rate={fps}:duration={seconds}", *more, "-pix_fmt", "yuv420p",
               self.folder / name)
        return self.folder / name

    def pictures(self, path):
        return int(subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
                                   "stream=nb_read_packets", "-of", "csv=p=0", path], capture_output=True, text=True,
                                  check=True).stdout.split()[0].strip(","))

    def test_keypoints_have_the_times_of_the_films_pictures(self):
        for name, fps, frames in (("film.mp4", "30", 60), ("film.mkv", "24000/1001", 48), ("film.avi", "10", 20)):
            film = self.film(name, fps, 2.05)
            pose = self.json_folder(frames, pathlib.Path(name).suffix[1:])
            self.play(pose, "--video", film, says=["times of the video's frames"], seconds=())
            self.assertAlmostEqual(self.seconds_of(), frames / eval(fps), delta=0.1)  # not frames / 25
            self.assertEqual(self.pictures(self.folder / ("out" + film.suffix)), self.pictures(film))

    def test_own_times_are_kept_and_another_rate_is_said(self):
        film = self.film("film.mp4", "30", 3)
        pose = self.json_folder(90)
        self.play(pose, "--video", film, "--fps", "25", says=["90 frames at 25", "90 frames at 30"])
        self.write("json/times.csv", "frame,time_s\n" + "".join(f"{i},{i / 30:.6f}\n" for i in range(90)))
        self.play(pose, "--video", film, seconds=())
        self.assertAlmostEqual(self.seconds_of(), 3, delta=0.1)

    def sound_of_film(self, name):
        return subprocess.run(["ffmpeg", "-v", "error", "-i", self.folder / name, "-map", "0:a:0", "-ar", "16000", "-f",
                               "s16le", "-"], capture_output=True, check=True).stdout

    def test_sound_is_in_time_in_every_format(self):
        pose = self.json_folder(25)
        for name in ("film.avi", "film.flv", "film.3gp", "film.3g2"):
            film = self.film(name, "25", 1, "-c:v", "mpeg4" if name.endswith("avi") else "h264", "-s", "176x144")
            self.play(pose, "--video", film, seconds=())
            sound = self.stamp("out.wav")[44:]
            made = self.sound_of_film("out" + film.suffix)
            if film.suffix == ".avi":  # it cannot tell how much later a codec's sound begins
                self.assertEqual(made, sound)
            self.assertAlmostEqual(len(made), len(sound), delta=2 * 2048)

    def test_a_late_picture_stays_late(self):
        film = self.folder / "late.ts"
        ffmpeg("-itsoffset", "0.4", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=2", "-f", "lavfi", "-i",
               "sine=duration=2", film)
        self.play(self.json_folder(50), "--video", film, seconds=())
        starts = [float(subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", "stream=start_time", "-of", "csv=p=0",
             self.folder / "out.ts"], capture_output=True, text=True, check=True).stdout.split()[0].strip(","))
            for kind in ("v:0", "a:0")]
        self.assertAlmostEqual(starts[0] - starts[1], 0.4, delta=0.05)

    def test_a_film_is_never_cut(self):
        film = self.film("film.mp4", "25", 3)
        self.play(self.json_folder(75), "--video", film, "--seconds", "1", seconds=(),
                  says=["warning", "3 s long", "1 s"])
        self.assertEqual(self.pictures(self.folder / "out.mp4"), 75)

    def test_an_input_is_never_overwritten(self):
        film = self.film("no.mp4", "25", 3)
        for more in ((), ("--force",)):
            self.refused("--pose", self.json_folder(75), "--video", film, *more, says=["no.mp4 is an input"])

    def test_more_keypoints_than_pictures(self):
        film = self.film("film.mp4", "25", 1)
        self.refused("--pose", self.json_folder(60), "--video", film, says=["25 frames", "60 frames"])

    def test_a_film_in_place_of_keypoints_gets_the_command(self):
        film = self.film("film.mp4", "25", 1)
        self.refused("--pose", film, says=["mi_prepare video", "film.mp4"])
        self.refused("--pose", self.json_folder(10), "--video", self.folder / "none.mp4", says=["none.mp4"])


class Notes(Case):
    def setUp(self):
        super().setUp()
        self.pose = self.json_folder(30)
        self.file = self.write("two.mid", midi(("Flute", [(0, 72, 0), (0, 74, 1)]), ("Horn", [(3, 60, 0), (3, 62, 1)])))

    def test_parts_are_named_and_chosen(self):
        self.play(self.pose, "--notes", self.file, says=["Flute", "Horn", "2 notes dropped"])
        self.assertEqual(self.pitches()[5], 72)
        for choice in (("--track", "2"), ("--channel", "4")):
            self.play(self.pose, "--notes", self.file, *choice, silent_about=["dropped", "Flute"])
            self.assertEqual(self.pitches()[5], 60)
        self.refused("--pose", self.pose, "--notes", self.file, "--track", "7", says=["Flute", "Horn"])

    def test_transposed(self):
        self.play(self.pose, "--notes", self.file, "--track", "2", "--transpose", "7")
        self.assertEqual(self.pitches()[5], 67)
        self.refused("--pose", self.pose, "--notes", self.file, "--transpose", "60", says=["transpose by less"])


    def test_notes_that_end_elsewhere_ask_about_the_frame_rate(self):
        notes = ("--notes", self.file, "--track", "1")  # 1 s
        self.play(self.pose, *notes, "--fps", "20", seconds=(), says=["end at 1 s", "at 1.47", "--fps"])
        self.play(self.pose, *notes, "--fps", "30", seconds=(), silent_about=["--fps"])
        self.play(self.pose, *notes, "--fps", "20", silent_about=["--fps"])  # the length is given


class Output(Case):
    def setUp(self):
        super().setUp()
        self.pose = self.json_folder(60)

    def test_loudness_is_said_and_reached(self):
        def lufs(said):
            return float(next(word for word in said.split("out.wav: ")[-1].split()))
        tune = self.write(  # whatever the model makes of this player, there is sound
            "tune.mid", midi(("Flute", [(0, 72, 0), (0, 74, 1), (0, 76, 2), (0, 77, 3)])))
        options = ("--seconds", "2", "--notes", tune)
        before = lufs(self.play(self.pose, *options, seconds=(), says=["LUFS"]).stderr)
        target = round(before - 6)
        said = self.play(self.pose, *options, "--loudness", target, seconds=(), says=[f"brought to {target}"])
        self.assertAlmostEqual(lufs(said.stderr), before, delta=0.11)
        self.play(self.pose, *options, "--loudness", "0", seconds=(), says=["warning", "would clip"])
        self.refused("--pose", self.pose, "--loudness", "16", says=["--loudness: expected -70 to 0 LUFS, got 16"])

    def test_flac_and_24_bits_and_the_same_again(self):
        for out, bits in (("out.wav", 24), ("out.flac", 16), ("out.flac", 24)):
            self.play(self.pose, "--bits", bits, "--loudness", "-30", out=out)
            made_bits = struct.unpack_from("<H", self.stamp(out), 34)[0] if out.endswith("wav") else (
                (self.stamp(out)[20] & 1) << 4 | self.stamp(out)[21] >> 4) + 1
            self.assertEqual(made_bits, bits)
            again = "again" + out[3:]
            self.assert_works("--from", self.folder / "out.json", "-o", self.folder / again, "--force")
            self.assertEqual(self.stamp(again), self.stamp(out))
            self.assertEqual(json.loads(self.stamp("out.json"))["bits"], bits)
        for more in (("--seed", "3"), ("--count", "2"), ("--loudness", "-16"), ("--pose", self.pose)):
            self.assert_fails("--from", self.folder / "out.json", "-o", self.folder / "other.wav", *more,
                              says=["--from: expected no " + more[0]])
        self.refused("--pose", self.pose, "--bits", "20", says=["--bits: expected 16 or 24"])
        self.assert_fails("--model", MODEL, "--pose", self.pose, "-o", self.folder / "out.mp3", says=[".wav or .flac"])

    def test_options(self):
        self.refused("--pose", self.pose, "", says=["expected nothing more, got ''"])
        self.refused("--pose", self.pose, "--vidoe", "x.mp4", says=["did you mean --video?"])
        shown = self.assert_works("--help").stdout
        for word in ("OpenPose", "MediaPipe", "MMPose", "AlphaPose", "DeepLabCut", "Solos", "Foley-Music", "required"):
            self.assertIn(word, shown)
        self.assert_fails("--pose", self.pose, "-o", self.folder / "x.wav", says=["--model: expected a run folder"])
        for content in (bytes(range(256)), b"\x89PNG\r\n\x1a\n\0\0\xff", b"RIFF\0\0\0\0WAVEfmt \xff\xfe"):
            line = self.refused("--pose", self.write("wrong.json", content), says=["wrong.json"])
            self.assertNotIn("\\x", line)


if __name__ == "__main__":
    support.main(["mi_generate", "mi_prepare"], __doc__)
