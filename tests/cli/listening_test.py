"""mi_eval listening: a test is made, taken in a real Chromium, saved and scored.

    python listening_test.py MI_EVAL MI_TRAIN MI_PREPARE [unittest arguments]
"""
import json
import math
import pathlib
import re
import subprocess
import unittest

import browser
import support


def wilson(count, n, z=1.959963984540054):
    """By the definition: the shares p whose distance from count / n is z standard errors (of p itself)."""
    share = count / n
    # (share - p)^2 = z^2 p (1 - p) / n, a quadratic in p.
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share * share
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


class Listening(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = cls.class_folder()
        cls.corpus = cls.small_corpus(cls.shared)
        cls.run_folder, cls.test = (cls.shared / name for name in ("run", "test"))
        for arguments in (
                [cls.mi_train, "-q", support.SOURCE / "configs/tiny.yaml", "--corpus", cls.corpus, "--run",
                 cls.run_folder, *support.QUICK_TRAINING, "--set", "pose.fps=20"],
                [cls.mi_eval, "-q", "listening", "make", *cls.model(), "--out", cls.test, "--pairs", "4",
                 "--catch-trials", "2", "--title", "Real & <unreal>", "--json", cls.shared / "made.json"]):
            subprocess.run([*map(str, arguments)], check=True, timeout=300)
        cls.key = json.loads((cls.test / "key.json").read_text())
        cls.page = (cls.test / "listening.html").read_text()

    @classmethod
    def model(cls):
        return ["--model", cls.run_folder, "--corpus", cls.corpus]

    def answers(self, name, chooses, **changes):
        """An answer file as the page saves it; chooses(trial) gives the chosen sound for each trial of the key."""
        trials = [{"id": trial["id"], "left": "xy"[i % 2], "chosen": chooses(trial), "plays": {"x": 1, "y": 1},
                   "seconds": 9.5} for i, trial in enumerate(self.key["trials"])]
        content = {"format": "minet-listening-result", "version": 1, "test": self.key["test"], "listener": name,
                   "musician": None, "started": "", "finished": "", "trials": trials, **changes}
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return path

    @staticmethod
    def right(trial):
        return "y" if trial["made"] == "x" else "x"

    @classmethod
    def fooled(cls, trial):
        return cls.right(trial) if trial["catch"] else trial["made"]

    def score(self, *paths):
        out = self.folder / "score.json"
        self.assert_works("listening", "score", "--key", self.test / "key.json", *paths, "--json", out, "--force")
        return json.loads(out.read_text())

    # ---- the page ----
    def test_the_page_gives_nothing_away(self):
        test = json.loads(re.search(r'<script id="test" type="application/json">(.*?)</script>', self.page,
                                    re.S).group(1))
        self.assertEqual([trial["id"] for trial in test["trials"]], [trial["id"] for trial in self.key["trials"]])
        for trial in test["trials"]:
            self.assertEqual(sorted(trial), ["id", "pose", "x", "y"])
            self.assertEqual(len(trial["pose"]), test["seconds"] * test["fps"])  # the figure moves with the sound
        for trial in self.key["trials"]:
            self.assertNotIn(trial["track"], self.page)
        self.assertNotIn("made\":", self.page)
        self.assertEqual({trial["made"] for trial in self.key["trials"]}, {"x", "y"})
        self.assertIn("<h1>Real &amp; &lt;unreal&gt;</h1>", self.page)
        self.assertNotRegex(self.page, r'(src|href)="?https?:')

    def test_pairs_are_dealt_over_instruments_and_a_seed_repeats_them(self):
        pairs = [trial for trial in self.key["trials"] if not trial["catch"]]
        self.assertEqual(len(pairs), 4)
        self.assertEqual(len({trial["instrument"] for trial in pairs}), 4)
        places = [(trial["track"], trial["start_s"]) for trial in self.key["trials"]]
        self.assertEqual(len(set(places)), len(places))
        self.assertEqual(sum(trial["catch"] for trial in self.key["trials"]), 2)
        made = ["listening", "make", *self.model(), "--pairs", "4", "--catch-trials", "2", "--title",
                "Real & <unreal>", "--quiet", "--out"]
        self.assert_works(*made, self.folder / "same")
        self.assertEqual((self.folder / "same/listening.html").read_text(), self.page)
        self.assert_works(*made, self.folder / "other", "--seed", "2")
        self.assertNotEqual(json.loads((self.folder / "other/key.json").read_text())["test"], self.key["test"])
        self.assertEqual(self.key["notes_given"], 4)
        self.assert_works(*made, self.folder / "bare", "--no-body", "--no-notes", "--real", "inverted")
        self.assertNotIn('"pose":', (self.folder / "bare/listening.html").read_text())
        bare = json.loads((self.folder / "bare/key.json").read_text())
        self.assertEqual((bare["notes_given"], bare["real"]), (0, "inverted"))

    @unittest.skipUnless(browser.find_chromium(), "no Chromium on PATH")
    def test_heard_through_saved_and_scored(self):
        saved = []
        orders = []
        for name, chooses, by_keyboard in (("ann", self.right, False), ("bob", self.fooled, True)):
            downloads = self.folder / name
            downloads.mkdir()
            with browser.Browser(downloads) as page:
                page.set_width(390 if by_keyboard else 1280)
                page.open(self.test / "listening.html")
                order = self.listen(page, name, chooses, by_keyboard)
                orders.append(order)
                self.assertEqual({url for url in page.requests if not url.startswith(("data:", "blob:"))},
                                 {(self.test / "listening.html").as_uri()})
            files = list(downloads.glob("listening-*.json"))
            self.assertEqual([file.name for file in files], [f"listening-{name}.json"])
            saved += files
            content = json.loads(files[0].read_text())
            self.assertEqual([trial["id"] for trial in content["trials"]], order)
            self.assertEqual(content["musician"], "amateur")
            for trial in content["trials"]:
                self.assertEqual(trial["plays"], {"x": 1, "y": 1})
        self.assertEqual(sorted(orders[0]), sorted(orders[1]))

        score = self.score(*saved)
        self.assertEqual((score["success"]["count"], score["success"]["answers"]), (4, 8))
        by_listener = {row["name"]: row for row in score["by_listener"]}
        self.assertEqual(by_listener["ann"]["rate"], 0)
        self.assertEqual(by_listener["bob"]["rate"], 1)
        self.assertEqual([row["name"] for row in score["by_musician"]], ["amateur"])

    def listen(self, page, name, chooses, by_keyboard):
        """Takes the whole test as a person would, but faster; returns the order of the pairs."""
        key = {trial["id"]: trial for trial in self.key["trials"]}
        hasten = "for (const side of sides) players[side].defaultPlaybackRate = 16"
        self.assertFalse(page.run("document.getElementById('welcome').hidden"))
        self.assertLessEqual(page.run("document.documentElement.scrollWidth"), page.run("innerWidth"))
        page.click("listener")
        page.type("bad name/")
        page.click("begin")
        self.assertTrue(page.run("document.getElementById('trial').hidden"))  # it could not be scored
        page.run("document.getElementById('listener').value = ''")
        page.click("listener")
        page.type(name)
        page.run("document.getElementById('musician').value = 'amateur'")
        page.run(hasten)
        page.click("begin")
        order = []
        for number in range(len(key)):
            self.assertEqual(page.run("document.getElementById('place').textContent"), f"Pair {number + 1} of {len(key)}")
            self.assertLessEqual(page.run("document.documentElement.scrollWidth"), page.run("innerWidth"))
            trial = key[page.run("now.trial.id")]
            order.append(trial["id"])
            for side, press in (("left", "1"), ("right", "2")):
                # Nothing can be chosen until both sounds have been played to the end.
                page.press("ArrowLeft") if by_keyboard else page.click("choose-left")
                self.assertIsNone(page.run("now.chosen"))
                page.press(press) if by_keyboard else page.click("play-" + side)
                page.wait_until(f"now.heard.{side}")
            if number == 0:  # the musician is drawn
                self.assertTrue(page.run("(c => c.getContext('2d').getImageData(0, 0, c.width, c.height)"
                                         ".data.some(v => v > 0))(document.getElementById('body'))"))
            self.assertTrue(page.run("document.getElementById('next').disabled"))
            side = "left" if page.run("now.sounds.left") == chooses(trial) else "right"
            page.press("Arrow" + side.capitalize()) if by_keyboard else page.click("choose-" + side)
            page.press("Enter") if by_keyboard else page.click("next")
            if number == 1:  # closed and reopened: it resumes at the third pair
                page.reload()
                page.run(hasten + "; openTrial()")
        page.wait_until("!document.getElementById('end').hidden")
        text = json.loads(page.run("document.getElementById('text').value"))
        page.click("save")
        page.wait_until("true")
        saved = pathlib.Path(page.downloads) / f"listening-{name}.json"
        for _ in range(500):
            if saved.exists() and saved.read_text().endswith("}\n"):
                break
            page.run("new Promise(done => setTimeout(done, 20))")
        self.assertEqual(json.loads(saved.read_text()), text)
        return order

    # ---- the score ----
    def test_wilson_intervals_halves_and_sides(self):
        trials = self.key["trials"]
        first = next(trial for trial in trials if not trial["catch"])
        once = lambda trial: trial["made"] if trial is first else self.right(trial)
        score = self.score(self.answers("ann", self.right), self.answers("bob", once, musician="none"))
        self.assertEqual((score["success"]["count"], score["success"]["answers"]), (1, 8))
        low, high = wilson(1, 8)
        self.assertAlmostEqual(score["success"]["low"], low, places=12)
        self.assertAlmostEqual(score["success"]["high"], high, places=12)
        self.assertEqual(score["listeners_interval"], [0, 0.25])
        instruments = {row["name"]: row for row in score["by_instrument"]}
        self.assertEqual(instruments[first["instrument"]]["rate"], 0.5)
        self.assertEqual(sum(row["answers"] for row in instruments.values()), 8)
        pairs = {row["name"]: row["count"] for row in score["by_pair"]}
        self.assertEqual(pairs, {trial["id"]: int(trial is first) for trial in trials if not trial["catch"]})
        self.assertEqual({row["name"]: row["answers"] for row in score["by_musician"]}, {"none": 4, "not said": 4})
        half = "first" if trials.index(first) < 3 else "second"
        self.assertEqual({row["name"]: row["count"] for row in score["by_half"]}[half], 1)
        lefts = sum("xy"[i % 2] == chosen(trial) for chosen in (self.right, once) for i, trial in enumerate(trials)
                    if not trial["catch"])
        self.assertEqual(score["left_chosen"]["count"], lefts)

    def test_who_did_not_listen_is_left_out(self):
        noise = self.answers("eve", lambda trial: trial["made"])
        score = self.score(self.answers("ann", self.right), noise)
        self.assertEqual(score["listeners"], 1)
        self.assertEqual(score["excluded"], [{"listener": "eve", "missed_catch_trials": 2}])
        self.assertEqual(score["success"]["rate"], 0)
        self.assert_fails("listening", "score", "--key", self.test / "key.json", noise, says=["took noise for real"])

    def test_a_folder_the_same_file_twice_and_an_unfinished_one(self):
        folder = self.folder / "in"
        folder.mkdir()
        ann = self.answers("ann", self.right)
        (folder / "ann.json").write_bytes(ann.read_bytes())
        (folder / "ann (1).json").write_bytes(ann.read_bytes())
        part = json.loads(self.answers("bob", self.right).read_text())
        part["trials"] = part["trials"][:3]
        (folder / "bob.json").write_text(json.dumps(part))
        score = self.score(folder)
        self.assertEqual(score["listeners"], 2)
        self.assertEqual(score["incomplete"], ["bob"])

    def test_what_is_no_answer_is_refused(self):
        key = ("listening", "score", "--key", self.test / "key.json")
        good = json.loads(self.answers("ann", self.right).read_text())

        def refused(says, **changes):
            self.assert_fails(*key, self.answers("odd", self.right, **changes), says=["odd.json", *says])

        refused(["another test"], test="0" * 16)
        refused(["a listener named '../ann'"], listener="../ann")
        refused(["a listener named"], listener="\x1b[2J")
        refused(["something else"], format="minet-listening-key")
        refused(["without a list of trials"], trials=[])
        refused(["without a list of trials"], trials=[1, 2])
        refused(["a pair 'zz' that the key lacks"], trials=[{**good["trials"][0], "id": "zz"}])
        refused(["twice"], trials=[good["trials"][0]] * 2)
        refused(["'chosen' = 'z'"], trials=[{**good["trials"][0], "chosen": "z"}])
        refused(["without the text 'left'"], trials=[{**good["trials"][0], "left": 1}])
        refused(["'musician' = 'very'"], musician="very")
        deep = self.folder / "deep.json"
        deep.write_text("[" * 100000)
        self.assert_fails(*key, deep, says=["nested too deeply"])
        deep.write_text("no json")
        self.assert_fails(*key, deep, says=["something else"])
        self.assert_fails(*key, self.folder / "none.json", says=["none.json"])
        empty = self.folder / "empty"
        empty.mkdir()
        self.assert_fails(*key, empty, says=["without any"])
        twice = [self.answers("ann", self.right), self.folder / "ann2.json"]
        twice[1].write_text(json.dumps({**good, "trials": good["trials"][:2]}))
        self.assert_fails(*key, *twice, says=["ann2.json", "each listener once"])
        self.assert_fails("listening", "score", "--key", twice[0], twice[0], says=["the key.json"])

    def test_what_cannot_be_made_is_refused_and_nothing_stays(self):
        self.assert_fails("listening", "make", "--catch-trials", 3, says=["--model is required", "listening make --help"])
        self.assert_fails("listening", "make", "--catch-trails", 3, says=["did you mean --catch-trials?"])
        make = ("listening", "make", *self.model())
        self.assert_fails(*make, "--out", self.test, says=["exists"])
        self.assert_fails(*make, "--out", self.folder / "new", "--pairs", "1000", says=["can be heard", "--pairs"])
        self.assert_fails(*make, "--out", self.folder / "new", "--pairs", "-1", says=["--pairs"])
        self.assert_fails("listening", says=["make or score"])


if __name__ == "__main__":
    support.main(["mi_eval", "mi_train", "mi_prepare"], __doc__)
