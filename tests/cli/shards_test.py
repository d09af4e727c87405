#!/usr/bin/env python3
"""mi_eval ndb and tables in shards: merged they are what one run writes, and what does not belong together is named.

Usage: shards_test.py MI_EVAL MI_PREPARE [unittest arguments]
"""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support
from support import QUICK_TRAINING, SOURCE


class Case(support.Case):
    shared = None

    @classmethod
    def setUpClass(cls):
        """One run of tables for all tests, in whole/: its models are what is measured in shards elsewhere."""
        if Case.shared:
            return
        holder = tempfile.TemporaryDirectory(prefix="minet-shards-")
        unittest.addModuleCleanup(holder.cleanup)
        Case.shared = pathlib.Path(holder.name)
        Case.corpus = cls.small_corpus(cls.shared)
        Case.whole = cls.shared / "whole"
        cls.whole.mkdir()
        Case.printed = subprocess.run(cls.tables(), cwd=cls.whole, check=True, capture_output=True, text=True,
                                      timeout=900).stdout

    @classmethod
    def tables(cls, *more):
        return [str(word) for word in (
            cls.mi_eval, "tables", SOURCE / "configs/tiny.yaml", "--corpus", cls.corpus, "--out", "tables", "--clips", 4,
            "--ndb-clips", 100, "--examples", 1, "--threads", 1, *QUICK_TRAINING, *more)]

    def files(self, folder):
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def times(self, folder):
        return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


class Ndb(Case):
    @property
    def model(self):
        return self.whole / "tables/runs/content-seed1"

    @property
    def shards(self):
        return self.folder / "ndb.json.shards"

    def ndb(self, *more, model=None, corpus=None, out="ndb.json"):
        # 100 clips are four batches.
        return ["ndb", "--model", model or self.model, "--corpus", corpus or self.corpus, "--clips", 100, "--bins", 10,
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
        whole = self.run_here(*self.ndb("--top-p", 0.9, out="whole.json")).stdout
        expected = (self.folder / "whole.json").read_bytes()
        self.assertEqual(json.loads(expected)["clips"], 100)
        for count in (2, 3, 6):  # six shards of four batches: two have none
            self.measure(count, "--top-p", 0.9)
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
        self.assertIn("2-of-2/ndb.json: as it was", said.stdout)
        self.run_here("-q", "merge", "ndb.json")
        self.assertEqual(content, self.files(self.folder))
        after = self.times(self.folder)
        for name in ("ndb.json", "ndb.json.shards/1-of-2/ndb.json", "ndb.json.shards/2-of-2/ndb.json"):
            self.assertEqual(after[self.folder / name], before[self.folder / name], name)
        # A shard that is lost is made again, the same.
        shutil.rmtree(self.shards / "1-of-2")
        self.run_here("-q", *self.ndb("--shard", "1/2"))
        self.assertEqual(content, self.files(self.folder))

    def test_merged_from_another_folder(self):
        self.measure(2)
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        self.assert_works("-q", "merge", "../ndb.json", cwd=elsewhere)
        self.assertTrue((self.folder / "ndb.json").exists())
        # Shards that were copied give their result beside them.
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
                                    (["--clips", 90], {}, "expected clips 100 as asked for, got 90"),
                                    ([], {"model": self.model.parent / "minet-seed1"}, "expected the model of 1-of-2, ")):
            words = self.ndb("--shard", "2/2", *more, **options)
            if "--clips" in more:
                del words[words.index("--clips"):words.index("--clips") + 2]
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


class Tables(Case):
    def parts(self, name, measured=False):
        """A folder beside whole/ with the runs alone, or with all that is measured but table 1."""
        folder = self.shared / name
        shutil.copytree(self.whole / "tables/runs", folder / "tables/runs")
        if measured:
            shutil.copytree(self.whole / "tables/results", folder / "tables/results",
                            ignore=shutil.ignore_patterns("ndb-*"))
            shutil.copy(self.whole / "tables/minet-tables.json", folder / "tables")
        return folder

    def run_in(self, folder, *words):
        return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600)

    def works_in(self, folder, *words):
        result = self.run_in(folder, *words)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def fails_in(self, folder, *words, says):
        """Nothing changes, but that parts of table 1 may have been joined."""
        before = self.without_locks(folder)
        result = self.run_in(folder, *words)
        self.assertEqual(result.returncode, 2, result.stderr)
        for part in says:
            self.assertIn(part, result.stderr.splitlines()[-1])
        after = {name: content for name, content in self.without_locks(folder).items()
                 if name in before or not name.startswith("tables/results/ndb-")}
        self.assertEqual(before, after)

    def results(self, folder):
        wanted = {name: content for name, content in self.files(folder / "tables").items()
                  if not name.endswith(".lock") and not name.startswith("runs/")}
        self.assertIn("tables.json", wanted)
        self.assertIn("results/ndb-minet-seed1.json", wanted)
        return wanted

    def check_merged(self, folder):
        expected, found = self.results(self.whole), self.results(folder)
        self.assertEqual(sorted(found), sorted(expected))
        for name, content in expected.items():
            self.assertEqual(found[name], content, name)

    def without_locks(self, folder):
        return {name: content for name, content in self.files(folder).items() if not name.endswith(".lock")}

    def test_merged_they_are_what_one_run_writes(self):
        folder = self.parts("parts2")
        measured = []
        for number in (1, 2):
            made = self.works_in(folder, *self.tables("--shard", f"{number}/2"))
            self.assertIn(f"{number}-of-2: a part of 4 measurements, and ", made.stdout)
            measured.append(made.stderr.count("measuring "))
            self.assertFalse((folder / "tables/tables.json").exists())
        # Each its part of table 1, for four models; all else is measured by one of them.
        self.assertEqual(sum(measured), 2 * 4 + 20, measured)
        self.assertEqual(max(measured) - min(measured), 0, measured)
        merged = self.works_in(folder, self.mi_eval, "merge", "tables")
        self.assertEqual(merged.stdout, self.printed)
        self.check_merged(folder)

        before = self.without_locks(folder)
        again = self.works_in(folder, *self.tables("--shard", "1/2"))
        self.assertNotIn("generating", again.stderr)
        self.works_in(folder, self.mi_eval, "-q", "merge", "tables")
        self.assertEqual(before, self.without_locks(folder))

    def test_three_shards_in_another_order(self):
        folder = self.parts("parts3", measured=True)
        for number in (3, 1, 2):
            self.works_in(folder, *self.tables("-q", "--shard", f"{number}/3"))
        self.assertEqual(self.works_in(folder, self.mi_eval, "merge", "tables").stdout, self.printed)
        self.check_merged(folder)

    def test_what_is_missing_is_named(self):
        folder = self.parts("missing", measured=True)
        self.fails_in(folder, self.mi_eval, "merge", "tables", says=["expected finished shards in", "tables.shards"])
        for number in (1, 2):
            self.works_in(folder, *self.tables("-q", "--shard", f"{number}/2"))
        shards = folder / "tables.shards"
        shutil.move(shards / "2-of-2", folder / "away")
        self.fails_in(folder, self.mi_eval, "merge", "tables", says=["but 2/2 is not finished"])
        shutil.move(folder / "away", shards / "2-of-2")
        (shards / "2-of-2/ndb-minet-seed1.json").rename(folder / "kept.json")
        self.fails_in(folder, self.mi_eval, "merge", "tables",
                      says=["2-of-2/ndb-minet-seed1.json: expected what shard 2/2 measured, but there is no"])
        (folder / "kept.json").rename(shards / "2-of-2/ndb-minet-seed1.json")
        (folder / "tables/results/knn-minet-seed1.json").unlink()
        self.fails_in(folder, self.mi_eval, "merge", "tables", says=["knn-minet-seed1.json: expected what shard ", "none"])
        self.fails_in(folder, *self.tables("--shard", "merge"), says=["knn-minet-seed1.json: expected what shard "])
        (folder / "tables/results/knn-minet-seed1.json").write_text('{"inputs": {}, "result": {}}')
        self.fails_in(folder, self.mi_eval, "merge", "tables",
                      says=["knn-minet-seed1.json: expected what shard ", "a measurement of another model"])
        shutil.rmtree(folder / "tables/runs/seq2seq-seed1")
        self.fails_in(folder, *self.tables("--shard", "1/2"),
                      says=["seq2seq-seed1: expected a finished run of Seq2Seq, got none"])


if __name__ == "__main__":
    support.main(["mi_eval", "mi_prepare"], __doc__)
