#!/usr/bin/env python3
"""mi_eval ndb in shards: merged, they equal the output of one run; shards that do not belong together are named.

Usage: shards_test.py MI_EVAL MI_TRAIN MI_PREPARE [unittest arguments]
"""
import json
import shutil
import subprocess

import support
from support import QUICK_TRAINING, SHORT_CLIPS, SOURCE


class Ndb(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = cls.class_folder()
        cls.corpus = cls.small_corpus(cls.shared)
        cls.model, cls.other = cls.shared / "content", cls.shared / "minet"
        for run, content in ((cls.model, "true"), (cls.other, "false")):
            words = (cls.mi_train, "-q", SOURCE / "configs/tiny.yaml", "--corpus", cls.corpus, "--run", run,
                     *QUICK_TRAINING, *SHORT_CLIPS, "--set", f"content.enabled={content}")
            subprocess.run(list(map(str, words)), check=True, timeout=300)

    def times(self, folder):
        return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}

    @property
    def shards(self):
        return self.folder / "ndb.json.shards"

    def ndb(self, *more, model=None, corpus=None, out="ndb.json", clips=40):
        # 32 clips are a batch.
        return ["ndb", "--model", model or self.model, "--corpus", corpus or self.corpus, "--clips", clips, "--bins", 10,
                "--train-clips", 40, "--restarts", 2, "--rounds", 100, "--threads", 1, "--cache", self.shared / "bins",
                "--json", out, *more]

    def run_here(self, *arguments):
        return self.assert_works(*arguments, cwd=self.folder)

    def fails_here(self, *arguments, says):
        return self.assert_fails(*arguments, says=says, cwd=self.folder)

    def measure(self, count, *more, **options):
        for number in range(count, 0, -1):
            self.run_here("-q", *self.ndb("--shard", f"{number}/{count}", *more, **options))

    def test_merged_they_are_what_one_run_writes(self):
        whole = self.run_here(*self.ndb("--top-p", 0.9, out="whole.json", clips=100)).stdout
        expected = (self.folder / "whole.json").read_bytes()
        self.assertEqual(json.loads(expected)["clips"], 100)
        for count in (3, 6):  # six shards of four batches: two have none
            self.measure(count, "--top-p", 0.9, clips=100)
            self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["ndb.json.shards", "whole.json"])
            merged = self.run_here("merge", "ndb.json").stdout
            self.assertEqual(merged, whole)
            self.assertEqual((self.folder / "ndb.json").read_bytes(), expected, count)
            shutil.rmtree(self.shards)
            (self.folder / "ndb.json").unlink()

    def test_again_nothing_changes(self):
        self.measure(2)
        self.run_here("-q", "merge", "ndb.json")
        before = self.times(self.folder)
        content = self.files(self.folder)
        said = self.run_here(*self.ndb("--shard", "2/2"))
        self.assertIn("2-of-2/ndb.json: unchanged", said.stdout)
        self.run_here("-q", "merge", "ndb.json")
        self.assertEqual(content, self.files(self.folder))
        after = self.times(self.folder)
        for name in ("ndb.json", "ndb.json.shards/1-of-2/ndb.json", "ndb.json.shards/2-of-2/ndb.json"):
            self.assertEqual(after[self.folder / name], before[self.folder / name], name)
        # A lost shard is measured again, with the same result.
        shutil.rmtree(self.shards / "1-of-2")
        self.run_here("-q", *self.ndb("--shard", "1/2"))
        self.assertEqual(content, self.files(self.folder))

    def test_merged_from_another_folder(self):
        self.measure(2)
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        self.assert_works("-q", "merge", "../ndb.json", cwd=elsewhere)
        self.assertTrue((self.folder / "ndb.json").exists())
        # Copied shards write their result beside themselves.
        shutil.copytree(self.shards, elsewhere / "copy.json.shards")
        self.assert_works("-q", "merge", "copy.json", cwd=elsewhere)
        self.assertEqual((elsewhere / "copy.json").read_bytes(), (self.folder / "ndb.json").read_bytes())

    def test_missing_and_overlapping_shards_are_named(self):
        self.fails_here("merge", "ndb.json", says=["expected finished shards in", "ndb.json.shards", "--shard"])
        self.measure(3)
        shutil.move(self.shards / "2-of-3", self.folder / "away")
        self.fails_here("merge", "ndb.json", says=["expected all 3 shards, but 2/3 is not finished"])
        (self.shards / "2-of-3").mkdir()  # one that was stopped before its end
        shutil.copy(self.folder / "away/ndb.json", self.shards / "2-of-3")
        self.fails_here("merge", "ndb.json", says=["2/3 is not finished"])
        shutil.rmtree(self.shards / "2-of-3")
        self.run_here("-q", *self.ndb("--shard", "2/2"))
        self.fails_here("merge", "ndb.json", says=["shards of one count, got 2-of-2 and 1-of-3", "overlap"])
        shutil.rmtree(self.shards / "2-of-2")
        shutil.copytree(self.shards / "1-of-3", self.shards / "2-of-3")
        self.fails_here("merge", "ndb.json", says=["2-of-3/ndb.json: expected shard 2/3, got shard 1/3"])
        (self.shards / "2-of-3/ndb.json").write_text("{}")
        self.fails_here("merge", "ndb.json", says=["2-of-3/ndb.json: expected what shard 2/3 measured"])
        (self.shards / "2-of-3/ndb.json").unlink()
        self.fails_here("merge", "ndb.json", says=["2-of-3/ndb.json", "there is no such file"])
        (self.shards / "1-of-3/command.json").write_text("what?")
        self.fails_here("merge", "ndb.json", says=["command.json: expected the command of a shard"])
        (self.shards / "1-of-3/command.json").write_text(json.dumps(
            {"folder": str(self.folder), "arguments": ["merge", "ndb.json"]}))
        self.fails_here("merge", "ndb.json", says=["ndb.json.shards: expected shards of ndb or tables"])
        self.assertFalse((self.folder / "ndb.json").exists())

    def test_shards_of_other_settings_are_not_merged(self):
        corpus = self.folder / "corpus"
        shutil.copytree(self.corpus, corpus)
        index = (corpus / "corpus.yaml").read_text()
        (corpus / "corpus.yaml").write_text(index.replace("hash: ", "hash: f", 1))
        self.measure(2)
        for more, options, says in ((["--seed", 2], {}, "expected seed 1 as asked for, got 2"),
                                    (["--notes"], {}, "expected notes false as asked for, got true"),
                                    ([], {"clips": 36}, "expected clips 40 as asked for, got 36"),
                                    ([], {"model": self.other}, "expected the model of 1-of-2, ")):
            words = self.ndb("--shard", "2/2", *more, **options)
            self.fails_here(*words, says=["2-of-2/ndb.json: expected a shard with ", "--force"])
            self.run_here("-q", *words, "--force")
            self.fails_here("merge", "ndb.json", says=["2-of-2/ndb.json: " + says])
        self.assertFalse((self.folder / "ndb.json").exists())

    def test_another_result_is_not_overwritten(self):
        self.measure(2)
        (self.folder / "ndb.json").write_text("mine")
        self.fails_here("merge", "ndb.json", says=["ndb.json exists", "--force"])
        self.run_here("-q", "merge", "ndb.json", "--force")
        self.assertEqual(json.loads((self.folder / "ndb.json").read_text())["metric"], "ndb")

    def test_what_has_no_shards(self):
        for word in ("0/3", "4/3", "3", "a/b", "1/0", "1/3/5"):
            self.fails_here(*self.ndb("--shard", word), says=["--shard: expected I/N", word])
        self.fails_here(*self.ndb("--shard", "1/2", "--model", self.model), says=["--shard: expected one model, got 2"])
        self.fails_here(*self.ndb("--shard", "1/2", "--wav", self.folder), says=["--shard: expected it for generating"])
        words = self.ndb("--shard", "1/2")
        self.fails_here(*words[:words.index("--json")], "--shard", "1/2", says=["--shard: expected it with a file"])
        self.fails_here(*self.ndb("--shard", "1/2", out="nowhere/ndb.json"), says=["nowhere", "make it first"])


if __name__ == "__main__":
    support.main(["mi_eval", "mi_train", "mi_prepare"], __doc__)
