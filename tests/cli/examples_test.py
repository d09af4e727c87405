"""mi_eval examples: the page of the shipped models on synthetic players, in a real Chromium.

    python examples_test.py MI_EVAL MI_PREPARE [unittest arguments]
"""
import csv
import json
import subprocess
import unittest

import browser
import support

MODELS = support.SOURCE / "models"


class Examples(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = cls.class_folder()
        cls.corpus = cls.small_corpus(cls.shared)
        with (cls.corpus / "tracks.csv").open() as file:
            cls.tracks = list(csv.DictReader(file))
        cls.out = cls.shared / "examples"
        # A player who is in no corpus: keypoints alone.
        cls.player = cls.shared / "some <player>.npy"
        cls.player.write_bytes((cls.corpus / cls.tracks[0]["id"] / "pose.npy").read_bytes())
        subprocess.run([*map(str, [
            cls.mi_eval, "-q", "examples", "--model", MODELS / "plus", "--model", MODELS / "paper", "--corpus", cls.corpus,
            "--every-split", "--tracks", 2, "--player", cls.player, "--seconds", 3, "--threads", 1, "--out", cls.out,
            "--title", "Real & <unreal>", "--json", cls.shared / "made.json"])], check=True, timeout=300)
        cls.made = json.loads((cls.shared / "made.json").read_text())

    def test_players_and_sounds_are_what_was_asked_for(self):
        players = self.made["players"]
        self.assertEqual(len(players), 3)
        instruments = {row["id"]: row["instrument"] for row in self.tracks}
        for player in players[:2]:
            self.assertEqual(player["instrument"], instruments[player["name"]])
            self.assertEqual([(s["model"], s["notes_given"]) for s in player["sounds"]],
                             [("", False), ("plus", False), ("plus", True), ("paper", False), ("paper", True)])
            self.assertEqual(player["seconds"], 3)
        self.assertNotEqual(players[0]["instrument"], players[1]["instrument"])
        self.assertEqual(players[2]["name"], "some <player>")
        self.assertEqual([s["model"] for s in players[2]["sounds"]], ["plus", "paper"])
        for player in players:
            for sound in player["sounds"]:
                data = (self.out / sound["file"]).read_bytes()
                self.assertEqual(data[:4], b"fLaC")
                self.assertGreater(len(data), 4000)

    @unittest.skipUnless(browser.find_chromium(), "no Chromium on PATH")
    def test_it_plays_and_the_player_moves_with_the_sound(self):
        with browser.Browser(self.folder) as page:
            for width in (1280, 390):
                page.set_width(width)
                page.open(self.out / "index.html")
                self.assertEqual(page.run("document.querySelector('h1').textContent"), "Real & <unreal>")
                self.assertLessEqual(page.run("document.documentElement.scrollWidth"), page.run("innerWidth"))
                self.assertEqual(page.run("everySound.length"), 5 + 5 + 2)
                page.wait_until("everySound.every(sound => sound.readyState >= 1)")
                self.assertTrue(page.run("everySound.every(sound => Math.abs(sound.duration - 3) < 0.1)"))
                self.assertTrue(page.run("[...document.images].every(image => image.complete && image.naturalWidth > 100)"))
                picture = "(c => c.toDataURL())(document.querySelectorAll('.player canvas')[1])"
                first = page.run(picture)
                self.assertTrue(page.run("(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0))"
                                         "(document.querySelectorAll('.player canvas')[1])"))
                page.run("document.querySelectorAll('.picture').forEach((one, i) => one.id = 'picture' + i); "
                         "everySound.forEach(sound => sound.muted = true)")
                page.click("picture5")  # from its middle on
                page.wait_until("everySound[5].currentTime > 1.8")
                self.assertNotEqual(page.run(picture), first)  # it moved
                line = "parseFloat(everySound[5].parentElement.querySelector('.line').style.left)"
                self.assertGreater(page.run(line), 50)
                page.click("picture7")
                page.wait_until("!everySound[7].paused && everySound[5].paused")  # one at a time
                page.wait_until("everySound[7].ended")
            self.assertEqual({url for url in page.requests if not url.startswith(("data:", "blob:"))},
                             {(self.out / "index.html").as_uri()})

    def test_a_seed_repeats_it_and_one_track_can_be_chosen(self):
        track = self.tracks[3]["id"]
        chosen = ["examples", "--model", MODELS / "plus", "--corpus", self.corpus, "--track", track, "--seconds", "1",
                  "--threads", "1", "--quiet", "--out"]
        for name in ("a", "b"):
            self.assert_works(*chosen, self.folder / name)
        pages = [(self.folder / name / "index.html").read_bytes() for name in ("a", "b")]
        self.assertEqual(*pages)
        self.assertIn(track.encode(), pages[0])

    def test_what_cannot_be_made_is_refused_and_nothing_stays(self):
        model = ["examples", "--model", MODELS / "plus"]
        new = ["--out", self.folder / "new"]
        self.assert_fails(*model, *new, says=["a corpus or players"])
        self.assert_fails(*model, *new, "--corpus", self.corpus, "--track", "none", says=["'none'"])
        self.assert_fails(*model, *new, "--corpus", self.corpus, "--split", "none", says=["'none'"])
        self.assert_fails(*model, *new, "--corpus", self.corpus, "--seconds", "0", says=["--seconds"])
        self.assert_fails(*model, *new, "--player", self.folder / "none.npy", says=["none.npy"])
        self.assert_fails(*model, "--out", self.out, "--corpus", self.corpus, says=["exists"])


if __name__ == "__main__":
    support.main(["mi_eval", "mi_prepare"], __doc__)
