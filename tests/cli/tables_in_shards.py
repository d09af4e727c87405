"""Checks of tables_test.py for mi_eval tables --shard, against a run that made the tables in one go."""
import shutil
import subprocess


class TablesInShards:
    """Mixin for a test case with command(out), whose arguments name `out` by its last component."""

    def without_locks(self, folder):
        return {name: content for name, content in self.files(folder).items() if not name.endswith(".lock")}

    def results(self, out):
        wanted = {name: content for name, content in self.without_locks(out).items() if not name.startswith("runs/")}
        self.assertIn("tables.json", wanted)
        self.assertIn("results/ndb-minet-seed1.json", wanted)
        return wanted

    def works_in(self, folder, *words):
        result = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def fails_in(self, folder, *words, says):
        """The command fails, and nothing changes, except that parts of table 1 may have been merged."""
        before = self.without_locks(folder)
        result = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600)
        self.assertEqual(result.returncode, 2, result.stderr)
        for part in says:
            self.assertIn(part, result.stderr.splitlines()[-1])
        after = {name: content for name, content in self.without_locks(folder).items()
                 if name in before or "/results/ndb-" not in name}
        self.assertEqual(before, after)

    def check_shards(self, whole, printed):
        """The finished runs of `whole`, measured in two shards and merged: the same files, byte for byte."""
        folder = self.folder / "parts"
        out = folder / whole.name
        shutil.copytree(whole / "runs", out / "runs")
        measured = []
        for number in (2, 1):
            made = self.works_in(folder, *self.command(out, "--shard", f"{number}/2"))
            self.assertIn(f"{number}-of-2: a part of 5 measurements, and ", made.stdout)
            measured.append(made.stderr.count("measuring "))
            self.assertFalse((out / "tables.json").exists())
        # Each measures its part of table 1 for five models; everything else is measured by one of them.
        self.assertEqual(measured, [5 + 11, 5 + 13])
        merged = self.works_in(folder, self.mi_eval, "merge", out.name)
        self.assertEqual(merged.stdout, printed)
        expected, found = self.results(whole), self.results(out)
        self.assertEqual(sorted(found), sorted(expected))
        for name, content in expected.items():
            self.assertEqual(found[name], content, name)

        before = self.without_locks(folder)
        again = self.works_in(folder, *self.command(out, "--shard", "1/2"))
        self.assertNotIn("generating", again.stderr)
        self.works_in(folder, self.mi_eval, "-q", "merge", out.name)
        self.assertEqual(before, self.without_locks(folder))
        self.check_what_is_missing(folder, out)

    def check_what_is_missing(self, folder, out):
        for path in [*out.glob("results/ndb-*"), *out.glob("table*"), out / "report.html"]:
            path.unlink()
        merge = self.mi_eval, "merge", out.name
        shards = folder / f"{out.name}.shards"
        shutil.move(shards, folder / "away")
        self.fails_in(folder, *merge, says=["expected finished shards in", shards.name])
        shutil.move(folder / "away", shards)
        shutil.move(shards / "2-of-2", folder / "away")
        self.fails_in(folder, *merge, says=["but 2/2 is not finished"])
        shutil.move(folder / "away", shards / "2-of-2")
        (shards / "2-of-2/ndb-minet-seed1.json").rename(folder / "kept.json")
        self.fails_in(folder, *merge,
                      says=["2-of-2/ndb-minet-seed1.json: expected what shard 2/2 measured, but there is no"])
        (folder / "kept.json").rename(shards / "2-of-2/ndb-minet-seed1.json")
        (out / "results/knn-minet-seed1.json").unlink()
        self.fails_in(folder, *merge, says=["knn-minet-seed1.json: expected what shard ", "none"])
        self.fails_in(folder, *self.command(out, "--shard", "merge"),
                      says=["knn-minet-seed1.json: expected what shard "])
        (out / "results/knn-minet-seed1.json").write_text('{"inputs": {}, "result": {}}')
        self.fails_in(folder, *merge,
                      says=["knn-minet-seed1.json: expected what shard ", "a measurement of another model"])
        shutil.rmtree(out / "runs/seq2seq-seed1")
        self.fails_in(folder, *self.command(out, "--shard", "1/2"),
                      says=["seq2seq-seed1: expected a finished run of Seq2Seq, got none"])
