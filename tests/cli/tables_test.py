"""mi_eval tables: interrupted, resumed, complete; in shards; with runs from elsewhere; on a corpus without notes.

    python tables_test.py MI_EVAL MI_PREPARE [unittest arguments]
"""
import csv
import json
import re
import shutil
import signal
import subprocess
import time

import support
from tables_in_shards import TablesInShards

SOURCE = support.SOURCE
RUNS = ("minet", "content", "no_mbr", "gru_seq2seq", "seq2seq", "graph_transformer", "plus")


class Tables(support.Case, TablesInShards):
    @classmethod
    def setUpClass(cls):
        cls.shared = cls.class_folder()
        cls.corpus = cls.small_corpus(cls.shared)

    def command(self, out, *more, corpus=None):
        numbers = [word for pair in (("--clips", "8"), ("--ndb-clips", "100"), ("--examples", "2"))
                   if pair[0] not in more for word in pair]  # each may be given once
        return [self.mi_eval, "tables", str(SOURCE / "configs/tiny.yaml"), "--corpus", str(corpus or self.corpus),
                "--plus", str(SOURCE / "configs/plus.yaml"), "--out", out.name, *numbers, "--threads", "1",
                *support.QUICK_TRAINING, *support.SHORT_CLIPS, *more]

    def tables(self, out, *more, **options):
        return subprocess.run(self.command(out, *more, **options), cwd=out.parent, capture_output=True, text=True,
                              timeout=900)

    def test_stopped_gone_on_with_and_complete(self):
        out = self.shared / "tables"
        process = subprocess.Popen(self.command(out), cwd=out.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        deadline = time.monotonic() + 300
        log = out / "runs/minet-seed1"  # exists once the VQ-VAE is trained
        while not log.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=300)[1].splitlines()[-1]
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertRegex(
            said,
            "^mi_eval: stopped [^;]*; run the same command again to continue: finished runs and results are kept[.]$",
        )
        self.assertEqual(said.count("stopped"), 1)
        self.assertFalse((out / "report.html").exists())

        result = self.tables(out)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_complete(out, result.stdout)
        self.check_shards(out, result.stdout)

        before = {name: (out / name).read_bytes() for name in ("tables.json", "tables.txt", "report.html")}
        times = {path: path.stat().st_mtime_ns for path in (out / "results").rglob("*.json")}
        again = self.tables(out)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("measuring", again.stderr)
        self.assertEqual({path: path.stat().st_mtime_ns for path in times}, times)
        for name, content in before.items():
            self.assertEqual((out / name).read_bytes(), content, name)

        self.check_sampling(out)

        other = subprocess.run([*self.command(out)[:4], str(self.shared / "none"), "--out", str(out)],
                               capture_output=True, text=True)
        self.assertEqual(other.returncode, 2)
        self.check_runs_from_elsewhere(out, before)

    def check_sampling(self, whole):
        """A finished run samples as its config.yaml says: that is part of a measurement, --set is refused."""
        out = self.folder / whole.name
        shutil.copytree(whole, out)
        told = self.tables(out, "--set", "generation.temperature=0.05")
        self.assertEqual(told.returncode, 2, told.stderr)
        self.assertIn("minet-seed1: expected a run of MI Net that samples as given, got one with "
                      "generation.temperature: 1, not 0.05; change its config.yaml", told.stderr)
        same = self.tables(out, "--set", "generation.temperature=1")
        self.assertEqual(same.returncode, 0, same.stderr)
        self.assertNotIn("measuring", same.stderr)

        (out / "results/tsne-minet-seed1/tsne.svg").unlink()  # figure 7, each seed's its own
        drawn = self.tables(out)
        self.assertEqual(drawn.returncode, 0, drawn.stderr)
        self.assertEqual(re.findall("measuring (.*)", drawn.stderr), ["tsne-minet-seed1"])
        self.assertEqual((out / "report.html").read_bytes(), (whole / "report.html").read_bytes())

        config = out / "runs/minet-seed1/config.yaml"
        written = config.read_text()
        config.write_text(re.sub(r"(?m)^  temperature: 1$", "  temperature: 0.05", written))
        self.assertNotEqual(config.read_text(), written)
        changed = self.tables(out)
        self.assertEqual(changed.returncode, 0, changed.stderr)
        for metric in ("ndb", "notes", "instrument"):
            self.assertIn(f"measuring {metric}-minet-seed1", changed.stderr)
            result = json.loads((out / f"results/{metric}-minet-seed1.json").read_text())["result"]
            self.assertEqual(result["sampling"]["temperature"], 0.05)
        self.assertNotIn("-content-seed1", changed.stderr)
        runs = json.loads((out / "tables.json").read_text())["runs"]
        self.assertEqual([run["generation"]["temperature"] for run in runs[:2]], [0.05, 1])

    def check_complete(self, out, printed):
        everything = json.loads((out / "tables.json").read_text())
        self.assertEqual(everything["left_out"], [])
        self.assertEqual([run["run"] for run in everything["runs"]], list(RUNS))
        tables = everything["tables"]
        self.assertEqual([table["table"] for table in tables], ["1", "2", "3", "4", "5", "A"])
        for table in tables:
            self.assertIn(f"Table {table['table']}. ", printed)
            for row in table["rows"]:
                self.assertTrue(row.get("figures"), row["row"])
                for name, figure in row["figures"].items():
                    # There is no listening test here; everything else is measured.
                    self.assertTrue("value" in figure or table["table"] == "3", (row["row"], name))
            with open(out / f"table-{table['table']}.csv", newline="") as file:
                rows = list(csv.DictReader(file))
            cells = sum(("value" in figure) + len(figure.get("paper", {}))
                        for row in table["rows"] for figure in row["figures"].values())
            self.assertEqual(len(rows), cells)
        self.assertEqual(self.papers(tables), {
            ("1", "Seq2Seq"): {"URMP": 48, "Solos": 44}, ("1", "Graph-Transformer"): {"URMP": 45, "Solos": 41},
            ("1", "MI Net"): {"URMP": 33, "Solos": 36}, ("1", "Content cond. MI Net"): {"URMP": 35},
            ("1", "real test clips"): {"URMP": 36, "Solos": 31},
            ("2", "Seq2Seq"): {"URMP": 0.826, "Solos": 0.378},
            ("2", "Graph-Transformer"): {"URMP": 0.892, "Solos": 0.383},
            ("2", "MI Net"): {"URMP": 0.937, "Solos": 0.615},
            ("3", "MI Net"): {"URMP": 0.24}, ("3", "nobody can tell"): {"URMP": 0.5},
            ("4", "MI Net without MBR blocks"): {"URMP": 0.89}, ("4", "MI Net"): {"URMP": 0.78},
            ("4", "with over without"): {"URMP": 0.78 / 0.89},
            ("5", "GRU-Seq2Seq"): {"URMP": 2.93}, ("5", "Content cond. MI Net"): {"URMP": 2.55}})
        rows = {table["table"]: [row["row"] for row in table["rows"]] for table in tables}
        self.assertIn("plus (ours)", rows["1"])
        self.assertIn("plus (ours)", rows["2"])
        self.assertEqual([row for row in rows["A"] if "ours" in row],
                         ["plus (ours), keypoints alone", "plus (ours), with notes"])
        page = (out / "report.html").read_text()
        self.assertEqual(page.count("<audio"), 6)
        self.assertEqual(page.count("data:image/png;base64"), 6)
        self.assertIn("Figure 6", page)
        self.assertIn("Figure 7", page)
        self.assertEqual(page.count('class="curves"'), 6)
        # The page works from disk: it loads nothing.
        self.assertEqual(re.findall(r'(?:src|href)="(?!data:)', page), [])

    def papers(self, tables):
        return {(table["table"], row["row"]): figure["paper"] for table in tables for row in table["rows"]
                for figure in row["figures"].values() if "paper" in figure}

    def check_runs_from_elsewhere(self, out, before):
        """A run's model.safetensors and run.json are enough; runs that do not match are refused."""
        for run in (out / "runs").iterdir():
            for path in run.iterdir():
                if path.name not in ("model.safetensors", "run.json", "metrics.jsonl"):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.rmtree(out / "runs/vqvae-seed1")
        taken = self.tables(out, "--no-training")
        self.assertEqual(taken.returncode, 0, taken.stderr)
        self.assertNotIn("measuring", taken.stderr)
        self.assertEqual((out / "tables.json").read_bytes(), before["tables.json"])

        score = self.shared / "score.json"
        score.write_text(json.dumps({"success": {"rate": 0.3, "low": 0.2, "high": 0.42}}))
        heard = self.tables(out, "--no-training", "--listening", str(score))
        self.assertEqual(heard.returncode, 0, heard.stderr)
        table = json.loads((out / "tables.json").read_text())["tables"][2]
        self.assertEqual(table["rows"][0]["figures"]["taken for real"],
                         {"value": 0.3, "low": 0.2, "high": 0.42, "paper": {"URMP": 0.24}})

        self.assertIn("interval is Wilson's", heard.stdout)
        score.write_text(json.dumps({"success": {"rate": 0.3, "low": 0.2, "high": 0.42}, "listeners_interval": [0.1, 0.5]}))
        heard = self.tables(out, "--no-training", "--listening", str(score))
        self.assertEqual(heard.returncode, 0, heard.stderr)
        figure = json.loads((out / "tables.json").read_text())["tables"][2]["rows"][0]["figures"]["taken for real"]
        self.assertEqual((figure["low"], figure["high"]), (0.1, 0.5))
        self.assertIn("resampling listeners", heard.stdout)

        changed = self.tables(out, "--set", "prior.layers=1")
        self.assertEqual(changed.returncode, 2)
        self.assertIn("prior.layers: 2, not 1", changed.stderr)

        elsewhere = self.shared / "elsewhere"  # runs only, as copied from another machine
        shutil.copytree(out / "runs", elsewhere / "runs", ignore=shutil.ignore_patterns("gru_seq2seq-*"))
        missing = self.tables(elsewhere, "--no-training")
        self.assertEqual(missing.returncode, 2)
        self.assertIn("expected a finished run of GRU-Seq2Seq, got none", missing.stderr)
        untrained = self.tables(elsewhere)
        self.assertEqual(untrained.returncode, 2)
        self.assertIn("vqvae-seed1: expected the VQ-VAE that the runs beside it share", untrained.stderr)
        run_json = elsewhere / "runs/seq2seq-seed1/run.json"
        run_json.write_text(run_json.read_text().replace('"corpus_hash": "', '"corpus_hash": "f'))
        foreign = self.tables(elsewhere)
        self.assertEqual(foreign.returncode, 2)
        self.assertIn("seq2seq-seed1: expected a run of Seq2Seq", foreign.stderr)
        other = json.loads(run_json.read_text())["corpus_hash"]
        self.assertIn(f"corpus {other}", foreign.stderr)
        shutil.copytree(out / "runs/gru_seq2seq-seed1", elsewhere / "runs/gru_seq2seq-seed1")
        same = self.tables(elsewhere, "--no-training", "--same-corpus", other)
        self.assertEqual(same.returncode, 0, same.stderr)
        self.assertIn(f"Seq2Seq was trained on corpus {other[:12]}", same.stdout)

    def test_without_notes_what_needs_them_is_left_out(self):
        table = self.shared / "players/without_notes.csv"
        with open(self.shared / "players/tracks.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        with open(table, "w", newline="") as file:
            writer = csv.DictWriter(file, [name for name in rows[0] if name != "notes"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        corpus, out = self.shared / "silent", self.shared / "without"
        subprocess.run([self.mi_prepare, "-q", "folder", "--table", table, "--out", corpus], check=True, timeout=300)
        result = self.tables(out, corpus=corpus)
        self.assertEqual(result.returncode, 0, result.stderr)
        everything = json.loads((out / "tables.json").read_text())
        self.assertEqual([run["run"] for run in everything["runs"]],
                         [run for run in RUNS if run not in ("content", "gru_seq2seq")])
        self.assertEqual([entry["reason"] for entry in everything["left_out"]],
                         ["no track of split 'train' has notes"])
        self.assertIn("Left out: ", result.stdout)
        tables = {table["table"]: {row["row"]: row.get("figures", {}) for row in table["rows"]}
                  for table in everything["tables"]}
        self.assertEqual(list(tables), ["1", "2", "3", "4", "5", "A"])
        for key, row, column in (("1", "MI Net", "NDB"), ("1", "real test clips", "NDB"), ("2", "MI Net", "accuracy"),
                                 ("4", "MI Net", "L2"), ("5", "MI Net", "nats per code"),
                                 ("A", "MI Net, generated", "instrument"),
                                 ("A", "plus (ours), keypoints alone", "instrument")):
            self.assertIn("value", tables[key][row][column], (key, row))
        self.assertEqual(tables["1"]["Content cond. MI Net"]["NDB"], {"paper": {"URMP": 35}})
        self.assertEqual(tables["5"]["GRU-Seq2Seq"]["nats per code"], {"paper": {"URMP": 2.93}})
        self.assertNotIn("pitch accuracy", tables["A"]["MI Net, generated"])
        self.assertEqual((out / "report.html").read_text().count("<audio"), 4)

    def corpus_of(self, name, change):
        """The small corpus, with each row of its tracks.csv changed."""
        corpus = self.shared / name
        shutil.copytree(self.corpus, corpus)
        with open(corpus / "tracks.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            change(row)
        with open(corpus / "tracks.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return corpus

    def test_a_corpus_that_cannot_be_measured_is_refused_before_training(self):
        def other_instruments(row):
            row["instrument"] = {"train": "x" if len(row["id"]) % 2 else "y", "test": "z"}[row["split"]]

        def one_instrument(row):
            row["instrument"] = "x"

        def unnamed_test(row):
            row["instrument"] = row["instrument"] if row["split"] == "train" else ""

        def one_group(row):
            row["group"] = "g"
        for change, expected in ((other_instruments, "of an instrument that training has, got none"),
                                 (one_instrument, "at least two instruments, got x only"),
                                 (unnamed_test, "of split 'test' has none"),
                                 (one_group, "of a different group than")):
            with self.subTest(change.__name__):
                out = self.shared / "never"
                result = self.tables(out, corpus=self.corpus_of(change.__name__, change))
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(expected, result.stderr)
                self.assertFalse(out.exists())

    def test_a_folder_is_for_one_model(self):
        for metric, option in (("tsne", "--out"), ("codebook", "--out"), ("reconstruction", "--sound")):
            self.assert_fails(metric, "--model", "a", "--model", "b", "--corpus", self.corpus, option,
                              self.folder / "new", says=[f"{option}: expected one model", "got 2"])

    def test_what_does_not_fit_is_said_before_anything_is_trained(self):
        out = self.shared / "refused"
        cases = [
            (["--ndb-clips", "60"], "--ndb-clips: expected 100 (two a bin) to 12000, got 60"),
            (["--ndb-clips", "13000"], "--ndb-clips: expected 100 (two a bin) to 12000, got 13000"),
            (["--clips", "2000000"], "--clips: expected 0 (the whole split) to 1000000"),
            (["--clips", "1"], "--clips: expected clips of at least two tracks with notes"),
            (["--set", "content.enabled=false"], "content.enabled"),
            (["--seq2seq", str(SOURCE / "configs/tiny.yaml")], "model.kind"),
            (["--gru-seq2seq", str(SOURCE / "configs/tiny.yaml")], "prior.kind"),
            (["--unconditional", str(SOURCE / "configs/tiny.yaml")], "expected content.enabled: false"),
            (["--seeds", "1,1"], "twice"),
            (["--no-training"], "expected a finished run of MI Net, got none"),
            (["--paper", str(self.shared / "paper.csv")], "line 2: expected a table"),
            (["--listening", str(self.shared / "paper.csv")], "expected the score of a listening test"),
        ]
        (self.shared / "paper.csv").write_text("table,row,column,corpus,value\n1,MI Net,NDB,URMP,many\n")
        for more, expected in cases:
            result = self.tables(out, *more)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(expected, result.stderr)
            self.assertFalse(out.exists())
        mine = self.shared / "mine"
        mine.mkdir(exist_ok=True)
        (mine / "letter.txt").write_text("dear")
        result = self.tables(mine)
        self.assertEqual(result.returncode, 2)
        self.assertEqual([path.name for path in mine.iterdir()], ["letter.txt"])


if __name__ == "__main__":
    support.main(["mi_eval", "mi_prepare"], __doc__)
