#!/usr/bin/env python3
"""mi_prepare as a program: exit codes, one sentence on stderr, complete output or none.

Usage: prepare_test.py MI_PREPARE [unittest arguments]
"""
import csv
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import time

import support
from support import JOINTS, shared_data, write_npy, write_wav


class Case(support.Case):
    def recording(self, name, seconds=5.0, hz=440.0):
        write_wav(self.folder / f"{name}.wav", seconds, hz=hz)
        write_npy(self.folder / f"{name}.npy", (int(seconds * 25), JOINTS, 3))

    def table(self, *rows, header="audio,pose"):
        path = self.folder / "tracks.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    def two_tracks(self):
        self.recording("one")
        self.recording("two", 6, 330)
        return self.table("one.wav,one.npy", "two.wav,two.npy")

    @property
    def out(self):
        return self.folder / "corpus"


class Shards(Case):
    """Parts of a corpus that are prepared separately and merged equal the corpus of one run."""

    def setUp(self):
        super().setUp()
        rows = []
        for i in range(7):
            self.recording(f"take{i}", 5 + i % 3, 220 + 40 * i)
            rows.append(f"take{i}.wav,take{i}.npy,g{i // 2}")
        self.rows = self.table(*rows, header="audio,pose,group")
        self.whole = self.folder / "whole"
        self.shards = self.folder / "corpus.shards"

    def prepare(self, out, *more):
        return self.run_program("-q", "folder", "--table", self.rows, "--out", out, "--test-share", "0.3", *more)

    def all_shards(self, count, *more):
        for number in range(1, count + 1):
            done = self.prepare(self.out, "--shard", f"{number}/{count}", *more)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_merged_they_are_what_one_run_makes(self):
        self.assertEqual(self.prepare(self.whole).returncode, 0)
        for count in (1, 3, 9):  # nine shards of seven tracks: two have none
            self.all_shards(count)
            self.assertFalse(self.out.exists())
            self.assert_works("-q", "merge", self.out)
            self.assertEqual(self.files(self.whole), self.files(self.out), count)
            shutil.rmtree(self.out)
            shutil.rmtree(self.shards)

    def test_again_nothing_changes(self):
        self.all_shards(2)
        self.assert_works("-q", "merge", self.out)
        before = {path: path.stat().st_ino for path in self.out.rglob("*.flac")}
        self.assertEqual(len(before), 7)
        self.all_shards(2)
        self.assert_works("-q", "merge", self.out)
        self.assertEqual(before, {path: path.stat().st_ino for path in self.out.rglob("*.flac")})

    def test_a_missing_shard_is_named_and_nothing_written(self):
        self.all_shards(3)
        shutil.rmtree(self.shards / "2-of-3")
        self.assert_fails("merge", self.out, says=["7 tracks", "in none", "take2"])
        self.assertFalse(self.out.exists())
        self.assertEqual(self.prepare(self.out, "--shard", "2/3").returncode, 0)
        self.assert_works("-q", "merge", self.out)

    def test_what_cannot_be_used_is_left_out_as_by_one_run(self):
        (self.folder / "take4.npy").write_bytes(b"nothing")
        self.assertEqual(self.prepare(self.whole, "--skip-bad").returncode, 0)
        self.all_shards(3, "--skip-bad")
        self.assert_works("-q", "merge", self.out)
        self.assertEqual(self.files(self.whole), self.files(self.out))
        self.assertNotIn("take4/audio.flac", self.files(self.out))

    def test_another_corpus_is_not_replaced(self):
        self.all_shards(2)
        self.assertEqual(self.prepare(self.out, "--keep-level").returncode, 0)
        before = self.files(self.out)
        self.assert_fails("merge", self.out, says=["exists"])
        self.assertEqual(before, self.files(self.out))

    def test_other_commands_shards_are_not_merged(self):
        self.assertEqual(self.prepare(self.out, "--shard", "1/2").returncode, 0)
        self.assertEqual(self.prepare(self.out, "--shard", "2/2", "--keep-level").returncode, 0)
        self.assert_fails("merge", self.out, says=["one command for all shards"])

    def test_bad_shards(self):
        for word in ("0/3", "4/3", "3", "a/b", "1/0", "1/3/5"):
            self.assert_fails("folder", "--table", self.rows, "--out", self.out, "--shard", word,
                              says=["--shard: expected I/N", word])
        self.assert_fails("merge", self.folder / "none", says=["expected finished shards in"])


class Usage(Case):
    def test_help_ends_with_an_example(self):
        for command in ([], ["orchestra"], ["urmp"], ["solos"], ["folder"], ["merge"], ["pose"], ["notes"],
                        ["check"]):
            result = self.assert_works(*command, "--help")
            last = result.stdout.rstrip().split("Example:\n")
            self.assertEqual(len(last), 2, result.stdout)
            self.assertTrue(last[1].startswith("  mi_prepare"), result.stdout)
            self.assertEqual(result.stderr, "")

    def test_help_lists_what_exists(self):
        listing = self.assert_works("--help").stdout
        for command in ("orchestra", "urmp", "solos", "folder", "merge", "pose", "notes", "check"):
            self.assertIn(f"\n  {command} ", listing)

    def test_version(self):
        self.assertRegex(self.assert_works("--version").stdout, r"^mi_prepare \d+\.\d+\.\d+\n$")

    def test_no_or_unknown_subcommand(self):
        self.assert_fails(says=["orchestra, urmp, solos, folder, merge, pose, video, notes or check",
                                "--help"])
        self.assert_fails("flder", says=["flder"])

    def test_unknown_and_missing_options(self):
        self.assert_fails("folder", "--tabel", "x", says=["did you mean --table?", "--help"])
        self.assert_fails("folder", "--table", "x", says=["--out"])
        self.assert_fails("folder", "--table", "x", "--out", self.out, "--seed", "many",
                          says=["seed"])
        self.assert_fails("check", self.folder, "--log-level", "loud", says=["loud"])

    def test_a_full_standard_output_is_an_error(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        self.two_tracks()
        self.assert_works("folder", "--table", self.folder / "tracks.csv", "--out", self.out)
        with open("/dev/full", "wb") as full:
            result = subprocess.run([self.program, "--quiet", "check", str(self.out)], stdout=full,
                                    stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "mi_prepare: cannot write to standard output.\n")


class Folder(Case):
    def fails(self, *rows, code=2, says=(), header="audio,pose"):
        return self.assert_fails("folder", "--table", self.table(*rows, header=header), "--out",
                                 self.out, code=code, says=says)

    def test_makes_a_corpus_whose_hash_python_finds_too(self):
        table = self.two_tracks()
        (self.folder / "one.csv").write_text("onset_s,duration_s,pitch\n0.5,1,69\n")
        table.write_text("audio,pose,notes,instrument\none.wav,one.npy,one.csv,vn\n"
                         "two.wav,two.npy,,\n")
        result = self.assert_works("folder", "--table", table, "--out", self.out)
        self.assertIn("train 1 track", result.stdout)
        with open(self.out / "tracks.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["id"] for row in rows], ["one", "two"])
        self.assertEqual(sorted(row["split"] for row in rows), ["test", "train"])
        self.assertEqual([row["notes"] for row in rows], ["1", "0"])
        self.assertEqual([row["instrument"] for row in rows], ["vn", ""])
        names = ["tracks.csv"]
        for row in rows:
            names += [f"{row['id']}/audio.flac", f"{row['id']}/pose.npy"]
            names += [f"{row['id']}/notes.csv"] if row["notes"] == "1" else []
            self.assertEqual((self.out / row["id"] / "audio.flac").read_bytes()[:4], b"fLaC")
            size = (self.out / row["id"] / "pose.npy").stat().st_size
            self.assertEqual(size % 64, int(row["frames"]) * JOINTS * 3 * 4 % 64)
        found = sorted(str(p.relative_to(self.out)) for p in self.out.rglob("*") if p.is_file())
        self.assertEqual(found, sorted(names + ["corpus.yaml", "notices.csv", "sources.csv"]))
        listing = "".join(
            f"{hashlib.sha256((self.out / name).read_bytes()).hexdigest()}  {name}\n"
            for name in names)
        self.assertIn("hash: " + hashlib.sha256(listing.encode()).hexdigest(),
                      (self.out / "corpus.yaml").read_text())
        self.assert_works("check", self.out)

    def test_tracks_shorter_than_four_seconds(self):
        for name, hz in (("one", 440), ("two", 330)):
            self.recording(name, 2.4, hz)
        table = self.table("one.wav,one.npy", "two.wav,two.npy")
        refused = self.run_program("folder", "--table", table, "--out", self.out)
        self.assertEqual(refused.returncode, 2)
        self.assertEqual(refused.stderr.count("at least one clip of 4 s"), 2)
        self.assertIn("(--clip-seconds)", refused.stderr)
        self.assert_works("folder", "--table", table, "--out", self.out, "--clip-seconds", 2)
        self.assertEqual(self.run_program("check", self.out).returncode, 1)
        self.assert_works("check", self.out, "--clip-seconds", 2)

    def test_paths_are_relative_to_the_table(self):
        self.two_tracks()
        self.assert_works("folder", "--table", "tracks.csv", "--out", "corpus", cwd=self.folder)
        self.assertTrue((self.out / "corpus.yaml").is_file())

    def test_wrong_paths(self):
        self.assert_fails("folder", "--table", self.folder / "no.csv", "--out", self.out,
                          says=["no.csv"])
        self.assert_fails("folder", "--table", self.folder, "--out", self.out, says=["folder"])
        self.recording("one")
        self.fails("gone.wav,one.npy", says=["line 2", "gone.wav"])
        self.fails("one.wav,gone.npy", says=["line 2", "gone.npy"])
        table = self.table("one.wav,one.npy")
        self.assert_fails("folder", "--table", table, "--out", self.folder / "no" / "such",
                          says=["no/such"])

    def test_empty_folder_as_pose(self):
        self.recording("one")
        (self.folder / "empty").mkdir()
        self.fails("one.wav,empty", says=["line 2", "empty"])

    def test_folder_as_audio(self):
        self.recording("one")
        (self.folder / "dir.wav").mkdir()
        self.fails("dir.wav,one.npy", says=["line 2", "dir.wav"])

    def test_not_audio(self):
        self.recording("one")
        (self.folder / "words.wav").write_text("RIFF these are words and not a sound file")
        (self.folder / "words.txt").write_text("these are words and not a sound file")
        self.fails("words.wav,one.npy", says=["line 2", "words.wav"])
        self.fails("words.txt,one.npy", says=["line 2", "words.txt"])

    def test_zero_byte_files(self):
        self.recording("one")
        for name in ("zero.wav", "zero.npy", "zero.mid"):
            (self.folder / name).write_bytes(b"")
        self.fails("zero.wav,one.npy", says=["line 2", "zero.wav"])
        self.fails("one.wav,zero.npy", says=["line 2", "zero.npy"])
        self.fails("one.wav,one.npy,zero.mid", header="audio,pose,notes",
                   says=["line 2", "zero.mid"])
        (self.folder / "tracks.csv").write_bytes(b"")
        self.assert_fails("folder", "--table", self.folder / "tracks.csv", "--out", self.out,
                          says=["tracks.csv"])

    def test_wrong_joint_count(self):
        self.recording("one")
        write_npy(self.folder / "wrong.npy", (125, 25, 3))
        self.fails("one.wav,wrong.npy", says=["line 2", "wrong.npy", "47", "25"])
        folder = self.folder / "json"
        folder.mkdir()
        for i in range(3):
            (folder / f"{i:012d}_keypoints.json").write_text(json.dumps(
                {"people": [{"pose_keypoints_2d": [1.0] * 51}]}))
        self.fails("one.wav,json", says=["line 2", "75", "51"])

    def test_silence(self):
        self.recording("one")
        write_wav(self.folder / "silent.wav", 5, amplitude=0)
        self.fails("silent.wav,one.npy", says=["line 2", "silent.wav", "-70 dBFS"])

    def test_silent_video(self):
        """A video without an audio track, and one whose audio is silence."""
        if not shutil.which("ffmpeg"):
            self.skipTest("no ffmpeg here")
        self.recording("one")
        for name, sound in (("mute.mp4", []),
                            ("silent.mp4", ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"])):
            subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i",
                            "color=size=64x64:rate=25", *sound, "-t", "5", "-pix_fmt", "yuv420p",
                            str(self.folder / name)], check=True, timeout=60)
            self.fails(f"{name},one.npy", says=["line 2", name])

    def test_under_one_clip(self):
        self.recording("short", 3.96)
        self.fails("short.wav,short.npy", says=["line 2", "4 s", "3.96 s"])

    def test_a_typing_error_in_the_header(self):
        self.recording("one")
        self.fails("one.wav,one.npy,a", header="audio,pose,gruop", says=["gruop", "group"])

    def test_a_group_on_both_sides(self):
        self.recording("one")
        self.recording("two")
        self.fails("one.wav,one.npy,g,train", "two.wav,two.npy,g,test",
                   header="audio,pose,group,split", says=["line 3", "group g"])

    def test_several_problems_come_at_once(self):
        self.recording("one")
        table = self.table("gone.wav,one.npy", "one.wav,one.npy", "one.wav,gone.npy")
        result = self.run_program("folder", "--quiet", "--table", table, "--out", self.out)
        self.assertEqual(result.returncode, 2)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("2 of 3 rows", lines[0])
        self.assertIn("line 2", lines[1])
        self.assertIn("line 4", lines[2])
        self.assertFalse(self.out.exists())
        result = self.assert_works("folder", "--table", table, "--out", self.out, "--skip-bad")
        self.assertIn("left out 2:", result.stdout)

    def test_names_with_escapes_stay_harmless(self):
        self.recording("one")
        message = self.fails("\x1b[31mgone.wav,one.npy")
        self.assertNotIn("\x1b", message)

    def test_existing_output(self):
        table = self.two_tracks()
        command = ("folder", "--table", table, "--out", self.out)
        self.assert_works(*command)
        self.assert_fails(*command, says=["exists", "--force"])
        self.assert_works(*command, "--force")
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / "letter.txt").write_text("mine")
        self.assert_fails("folder", "--table", table, "--out", foreign, "--force", says=["corpus"])

    def test_a_disk_without_room(self):
        if os.geteuid() != 0:
            self.skipTest("mounting a small disk needs root")
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(disk)],
                                 stderr=subprocess.PIPE, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting is not allowed here: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=False)
        table = self.two_tracks()
        self.recording("long", 60)
        table.write_text("audio,pose\none.wav,one.npy\nlong.wav,long.npy\n")
        self.assert_fails("folder", "--table", table, "--out", disk / "corpus", code=1)
        self.assertEqual(list(disk.iterdir()), [])
        self.assert_fails("pose", self.folder / "long.npy", "-o", disk / "long.npy", code=1)
        self.assertEqual(list(disk.iterdir()), [])

    def stop(self, number):
        write_wav(self.folder / "long.wav", 20, rate=48000)
        write_npy(self.folder / "long.npy", (500, JOINTS, 3))
        table = self.table(*["long.wav,long.npy"] * 300)
        before = self.names()
        process = subprocess.Popen(
            [self.program, "folder", "--quiet", "--threads", "2", "--table", str(table), "--out",
             str(self.out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not list(self.folder.glob("corpus.partial-*/*/pose.npy")):
            self.assertIsNone(process.poll(), "it ended before it could be stopped")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -number)  # a shell reports 128 + number
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertIn("stopped at track", errors)
        self.assertIn("of 300", errors)
        self.assertEqual(self.names(), before)

    def test_sigterm_leaves_no_partial_folder(self):
        self.stop(signal.SIGTERM)

    def test_ctrl_c_leaves_no_partial_folder(self):
        self.stop(signal.SIGINT)


class Check(Case):
    def setUp(self):
        super().setUp()
        self.assert_works("folder", "--table", self.two_tracks(), "--out", self.out)

    def test_prints_one_json_object(self):
        found = json.loads(self.assert_works("check", self.out, "--json", "--quiet").stdout)
        self.assertTrue(found["usable"])
        self.assertEqual(found["splits"]["train"]["tracks"], 1)
        self.assertEqual(found["splits"]["test"]["tracks"], 1)

    def test_an_unusable_corpus_has_exit_code_1(self):
        (self.out / "one" / "pose.npy").unlink()
        result = self.run_program("check", self.out)
        self.assertEqual(result.returncode, 1)
        self.assertIn("one/pose.npy is missing", result.stdout)
        self.assertTrue(result.stdout.endswith("not usable\n"))
        self.assertFalse(json.loads(self.run_program("check", self.out, "--json").stdout)["usable"])

    def test_not_a_corpus(self):
        self.assert_fails("check", self.folder / "gone", says=["gone", "mi_prepare folder"])
        self.assert_fails("check", self.folder / "one.wav", says=["that is a file"])
        (self.folder / "empty").mkdir()
        self.assert_fails("check", self.folder / "empty", says=["corpus.yaml"])

    def test_a_corpus_of_another_version(self):
        path = self.out / "corpus.yaml"
        path.write_text(path.read_text().replace("format_version: 1", "format_version: 7"))
        self.assert_fails("check", self.out, says=["version 7", "version 1", "prepare it again"])


class CheckPage(Case):
    def setUp(self):
        super().setUp()
        self.assert_works("folder", "--table", self.two_tracks(), "--out", self.out)
        self.page = self.folder / "check.html"

    def test_writes_a_page_that_needs_nothing_else(self):
        result = self.assert_works("check", self.out, "--html", self.page)
        self.assertTrue(result.stdout.endswith("usable\n"))
        page = self.page.read_text(encoding="utf-8")
        self.assertTrue(page.endswith("</html>\n"))
        self.assertEqual(page.count("<article>"), 2)
        self.assertNotIn("http", page)

    def test_overwrites_only_when_forced(self):
        self.page.write_text("mine")
        self.assert_fails("check", self.out, "--html", self.page, says=["check.html", "--force"])
        self.assert_works("check", self.out, "--html", self.page, "--force")
        self.assertIn("Usable", self.page.read_text())
        self.assert_fails("check", self.out, "--html", self.folder / "no" / "a.html", says=["no/a.html"])

    def test_an_unusable_corpus_gets_its_page_too(self):
        (self.out / "one" / "pose.npy").unlink()
        self.assertEqual(self.run_program("check", self.out, "--html", self.page).returncode, 1)
        self.assertIn("Not usable", self.page.read_text())

    def test_shared_takes_of_an_orchestra_are_named(self):
        players = self.folder / "players"
        self.assert_works("orchestra", "--out", players, "--tracks", 148, "--seconds", 16,
                          "--sound", "additive", "--no-mix")
        with open(players / "tracks.csv", newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file)
                    if row["audio"][:2] in ("24", "25", "38", "39")]
        self.assertEqual(len(rows), 18)
        for row in rows:  # each piece its own group, the later ones in the test split: a leak
            row["group"] = row["audio"][:2]
            row["split"] = "test" if row["group"] in ("25", "39") else "train"
        with open(players / "leak.csv", "w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, rows[0].keys())
            table.writeheader()
            table.writerows(rows)
        self.assert_works("folder", "--table", players / "leak.csv", "--out", self.out, "--force")
        result = self.run_program("check", self.out, "--json")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(json.loads(result.stdout)["problems"]), 7)


class Pose(Case):
    def test_wrong_input(self):
        target = self.folder / "out.npy"
        self.assert_fails("pose", self.folder / "gone.npy", "-o", target, says=["gone.npy"])
        (self.folder / "empty").mkdir()
        self.assert_fails("pose", self.folder / "empty", "-o", target, says=["empty"])
        (self.folder / "zero.npy").write_bytes(b"")
        self.assert_fails("pose", self.folder / "zero.npy", "-o", target, says=["zero.npy"])
        write_npy(self.folder / "wrong.npy", (10, 46, 3))
        self.assert_fails("pose", self.folder / "wrong.npy", "-o", target, says=["47", "46"])
        write_npy(self.folder / "good.npy", (10, JOINTS, 3))
        good = self.folder / "good.npy"
        self.assert_fails("pose", good, "-o", target, "--format", "bvh", says=["bvh", "openpose"])
        self.assert_fails("pose", good, "-o", target, "--person", "-1", says=["person"])
        self.assert_fails("pose", good, "-o", target, "--fps", "0", says=["0"])
        self.assert_fails("pose", good, "-o", self.folder / "no" / "out.npy", says=["no/out.npy"])

    def test_overwrites_only_when_forced(self):
        write_npy(self.folder / "in.npy", (50, JOINTS, 3))
        target, preview = self.folder / "out.npy", self.folder / "out.svg"
        command = ("pose", self.folder / "in.npy", "-o", target)
        self.assertIn("50 frames", self.assert_works(*command).stdout)
        self.assert_fails(*command, says=["out.npy", "--force"])
        self.assert_works(*command, "--force", "--preview", preview)
        self.assertTrue(preview.read_text().startswith("<svg"))
        target.unlink()
        self.assert_fails(*command, "--preview", preview, says=["out.svg", "--force"])

    def test_real_openpose_folder(self):
        data = shared_data()
        if data is None:
            self.skipTest("no shared data: set MINET_SHARED_DATA to its folder")
        result = self.assert_works("pose", data / "openpose" / "psl_word_good_1564405243", "-o",
                                   self.folder / "out.npy", "--preview", self.folder / "out.svg")
        self.assertIn("left hand   100.0 %", result.stdout)
        self.assertIn("14 of 129 frames", result.stderr)


class Notes(Case):
    def test_wrong_input(self):
        target = self.folder / "out.csv"
        self.assert_fails("notes", self.folder / "gone.mid", "-o", target, says=["gone.mid"])
        self.assert_fails("notes", self.folder, "-o", target, says=["folder"])
        (self.folder / "zero.mid").write_bytes(b"")
        self.assert_fails("notes", self.folder / "zero.mid", "-o", target, says=["zero.mid"])
        (self.folder / "bad.csv").write_text("onset_s,duration_s,pitch\n0,1,69\nsoon,1,70\n")
        self.assert_fails("notes", self.folder / "bad.csv", "-o", target, says=["line 3"])

    def test_reduces_to_one_voice(self):
        source, target = self.folder / "in.csv", self.folder / "out.csv"
        source.write_text("onset_s,duration_s,pitch\n0,2,60\n1,1,64\n")
        self.assert_works("notes", source, "-o", target)
        self.assertEqual(target.read_text(), "onset_s,duration_s,pitch\n0,2,60\n1,1,64\n")
        self.assert_fails("notes", source, "-o", target, says=["out.csv", "--force"])
        result = self.assert_works("notes", source, "-o", target, "--monophonic", "--force")
        self.assertIn("repaired: ", result.stdout)
        self.assertEqual(target.read_text(), "onset_s,duration_s,pitch\n0,1,60\n1,1,64\n")


    def test_drums_are_left_out(self):
        def midi(*channels):
            events = b"".join(bytes([0, 0x90 + c, 60 + c, 64, 0x60, 0x80 + c, 60 + c, 0]) for c in channels)
            track = events + bytes([0, 0xFF, 0x2F, 0])
            return (b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", len(track)) + track)

        target = self.folder / "out.csv"
        for channels, said, pitches in (((9, 0), "1 drum note left out", ["60"]),
                                        ((9,), "there are only drum notes: taken as pitches", ["69"])):
            (self.folder / "in.mid").write_bytes(midi(*channels))
            for more in ((), ("--monophonic",)):
                told = self.assert_works("notes", self.folder / "in.mid", "-o", target, "--force", *more)
                self.assertIn(said, told.stdout)
                with open(target, newline="") as table:
                    self.assertEqual([row["pitch"] for row in csv.DictReader(table)], pitches)


class Orchestra(Case):
    def test_players_become_a_corpus(self):
        players = self.folder / "players"
        result = self.assert_works("orchestra", "--out", players, "--tracks", 13, "--seconds", 5,
                                   "--sound", "additive")
        self.assertIn("13 synthetic tracks", result.stdout)
        self.assert_fails("orchestra", "--out", players, "--tracks", 13, "--seconds", 5,
                          says=["--force"])
        self.assert_works("folder", "--table", players / "tracks.csv", "--out", self.out)
        found = json.loads(self.assert_works("check", self.out, "--json").stdout)
        self.assertTrue(found["usable"], found["problems"])
        self.assertEqual(sum(split["tracks"] for split in found["splits"].values()), 13)
        self.assertEqual(sum(s["tracks_with_notes"] for s in found["splits"].values()), 13)

    def test_wrong_options(self):
        self.assert_fails("orchestra", "--out", self.out, "--sound", "loud", says=["loud"])
        self.assert_fails("orchestra", "--out", self.out, "--tracks", 0, says=["0"])
        self.assert_fails("orchestra", "--out", self.out, "--instruments", "hn,piano", says=["vn, va", "piano"])
        self.assert_fails("orchestra", "--out", self.out, "--seconds", -1, says=["-1"])


class Urmp(Case):
    def test_an_orchestra_is_read_as_urmp_is(self):
        players = self.folder / "players"
        self.assert_works("orchestra", "--out", players, "--tracks", 26, "--seconds", 5, "--sound",
                          "additive")
        command = ("urmp", "--root", players, "--pose", players, "--out", self.out)
        result = self.assert_works(*command)
        self.assertIn("performed", result.stdout)
        self.assertIn("source: urmp, notes performed", (self.out / "corpus.yaml").read_text())
        found = json.loads(self.assert_works("check", self.out, "--json").stdout)
        self.assertTrue(found["usable"], found["problems"])
        self.assertGreater(found["splits"]["test"]["tracks"], 0)
        self.assertGreater(found["splits"]["train"]["tracks"], 0)
        self.assert_fails(*command, says=["exists", "--force"])
        self.assert_works(*command, "--force", "--notes", "score")
        self.assertIn("source: urmp, notes score", (self.out / "corpus.yaml").read_text())

    def test_wrong_input(self):
        root = self.folder / "urmp"
        self.assert_fails("urmp", "--root", root, "--pose", root, "--out", self.out, says=["urmp"])
        root.mkdir()
        command = ("urmp", "--root", root, "--pose", root, "--out", self.out)
        self.assert_fails(*command, says=["01_Jupiter_vn_vc"])
        (root / "01_Jupiter_vn").mkdir()
        self.assert_fails(*command, says=["part 1", "AuSep_1_*", "keypoints", "Notes_1_*"])
        self.assert_fails(*command, "--notes", "midi", says=["performed, score or none"])
        self.assert_fails(*command, "--fps", 0, says=["fps"])
        self.assert_fails("urmp", "--root", root, "--out", self.out, says=["--pose"])
        recording = self.folder / "a.wav"
        recording.write_bytes(b"RIFF")
        self.assert_fails("urmp", "--root", recording, "--pose", root, "--out", self.out,
                          says=["a.wav", "a file"])


class Solos(Case):
    def test_wrong_input(self):
        root, sounds = self.folder / "solos", self.folder / "sounds"
        command = ("solos", "--root", root, "--audio", sounds, "--out", self.out)
        self.assert_fails(*command, says=["solos_ids.json"])
        root.mkdir()
        (root / "solos_ids.json").write_text('{"Violin": ["abc"]}')
        (root / "skeleton_dict.json").write_text('{"abc": [0, 110], "_counter": 110}')
        (root / "solos_timestamps.json").write_text("[")
        self.assert_fails(*command, says=["solos_timestamps.json", "JSON"])
        (root / "solos_timestamps.json").write_text("{}")
        self.assert_fails(*command, says=["skeleton.npy", "--skeleton"])
        write_npy(root / "skeleton.npy", (110, 3, JOINTS))
        self.assert_fails(*command, says=["sounds", "nothing there"])
        sounds.mkdir()
        self.assert_fails(*command, says=["1 video without sound", "abc"])
        write_wav(sounds / "abc.wav", 4.4)
        self.assert_fails(*command, "--first-row", 5000, says=["outside the array's rows 5000"])
        self.assert_fails(*command, "--videos", "xyz", says=["'xyz'"])
        self.assert_fails(*command, "--test-share", 2, says=["test share"])
        self.assert_works(*command)

    def test_the_real_files_with_a_made_sound(self):
        data = shared_data()
        if data is None:
            self.skipTest("no shared data: set MINET_SHARED_DATA to its folder")
        sounds = self.folder / "sounds"
        sounds.mkdir()
        write_wav(sounds / "OqH9szlahwU.wav", 36)
        result = self.assert_works(
            "solos", "--root", data / "solos", "--audio", sounds, "--out", self.out, "--skeleton",
            data / "solos" / "skeleton_OqH9szlahwU_f0000-0899.npy", "--first-row", 1230884)
        self.assertIn("1 of 754 videos", result.stdout)
        self.assertIn("753 videos outside the array's rows 1230884 to 1231784", result.stdout)


class RealCorpus(Case):
    def test_real_phrases_with_real_keypoints(self):
        data = shared_data()
        if data is None:
            self.skipTest("no shared data: set MINET_SHARED_DATA to its folder")
        # No recording here comes with its own player's keypoints: the pairs are arbitrary.
        sax = data / "solos" / "skeleton_OqH9szlahwU_f0000-0899.npy"
        rows = [f"{path},{sax},solos," for path in sorted((data / "audio/gcompris").glob("*.ogg"))]
        cello = next((data / "audio/sms-tools").glob("*cello*.wav"))
        rows += [f"{cello},{data / 'openpose/psl_word_good_1564405243'},openpose,25"]
        self.assertGreaterEqual(len(rows), 8)
        self.assert_works("folder", "--out", self.out, "--table",
                          self.table(*rows, header="audio,pose,pose_format,fps"))
        found = json.loads(self.assert_works("check", self.out, "--json").stdout)
        self.assertTrue(found["usable"], found["problems"])
        self.assertEqual(sum(split["tracks"] for split in found["splits"].values()), len(rows))
        self.assertGreater(found["splits"]["train"]["seconds"], 30)
        self.assertEqual(found["longest_drift_s"], 0)


if __name__ == "__main__":
    support.main(["mi_prepare"], __doc__)
