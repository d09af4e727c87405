"""mi_eval tables: interrupted, gone on with, complete; and mi_eval tsne.

    python tables_test.py MI_EVAL MI_PREPARE [unittest arguments]
"""
import csv
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import support

SOURCE = support.SOURCE


class Tables(support.Case):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="minet-tables-")
        cls.addClassCleanup(holder.cleanup)
        cls.shared = pathlib.Path(holder.name)
        cls.corpus = cls.small_corpus(cls.shared)

    def command(self, out, *more):
        return [self.mi_eval, "tables", str(SOURCE / "configs/tiny.yaml"), "--corpus", str(self.corpus), "--out",
                str(out), "--clips", "8", "--ndb-clips", "100", "--examples", "2", "--threads", "1",
                *support.QUICK_TRAINING, *more]

    def test_stopped_gone_on_with_and_complete(self):
        out = self.shared / "tables"
        process = subprocess.Popen(self.command(out), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 300
        log = out / "runs/gru_seq2seq-seed1"  # exists once MI Net's VQ-VAE is trained
        while not log.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=300)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertFalse((out / "report.html").exists())

        result = subprocess.run(self.command(out), capture_output=True, text=True, timeout=900)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.check_complete(out, result.stdout)

        before = {name: (out / name).read_bytes() for name in ("tables.json", "tables.txt", "report.html")}
        times = {path: path.stat().st_mtime_ns for path in (out / "results").rglob("*.json")}
        again = subprocess.run(self.command(out), capture_output=True, text=True, timeout=900)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("measuring", again.stderr)
        self.assertEqual({path: path.stat().st_mtime_ns for path in times}, times)
        for name, content in before.items():
            self.assertEqual((out / name).read_bytes(), content, name)

        other = subprocess.run([*self.command(out)[:4], str(self.shared / "none"), "--out", str(out)],
                               capture_output=True, text=True)
        self.assertEqual(other.returncode, 2)

    def check_complete(self, out, printed):
        tables = json.loads((out / "tables.json").read_text())["tables"]
        self.assertEqual([table["table"] for table in tables], ["1", "2", "3", "4", "5"])
        for table in tables:
            self.assertIn(f"Table {table['table']}. ", printed)
            for row in table["rows"]:
                self.assertTrue(row.get("figures"), row["row"])
                for name, figure in row["figures"].items():
                    self.assertTrue("value" in figure, (row["row"], name))
            with open(out / f"table-{table['table']}.csv", newline="") as file:
                rows = list(csv.DictReader(file))
            cells = sum(len(row["figures"]) for row in table["rows"])
            self.assertEqual(len(rows), cells)
        published = [sum("paper" in figure for row in table["rows"] for figure in row["figures"].values())
                     for table in tables]
        self.assertEqual(published, [1, 3, 2, 2, 0])  # each known figure of the paper has found its place
        names = [[row["row"] for row in table["rows"]] for table in tables]
        self.assertIn("real test clips", names[0])
        for name in ("GRU Seq2Seq", "Graph-Transformer"):
            self.assertIn(name, names[0])
            self.assertIn(name, names[1])
        self.assertIn("MI Net without MBR blocks", names[2])
        page = (out / "report.html").read_text()
        self.assertEqual(page.count("<audio"), 6)
        self.assertEqual(page.count("data:image/png;base64"), 6)
        self.assertIn("Figure 6", page)
        self.assertIn("Figure 7", page)
        self.assertEqual(page.count('class="curves"'), 4)
        # Works from disk: nothing is fetched from anywhere.
        self.assertEqual(re.findall(r'(?:src|href)="(?!data:)', page), [])

    def test_what_does_not_fit_is_said_before_anything_is_trained(self):
        out = self.shared / "refused"
        cases = [
            (["--ndb-clips", "60"], "--ndb-clips"),
            (["--set", "content.enabled=false"], "content.enabled"),
            (["--seq2seq", str(SOURCE / "configs/tiny.yaml")], "model.kind"),
            (["--seeds", "1,1"], "twice"),
        ]
        for more, expected in cases:
            result = subprocess.run(self.command(out, *more), capture_output=True, text=True)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(expected, result.stderr)
            self.assertFalse(out.exists())
        mine = self.shared / "mine"
        mine.mkdir(exist_ok=True)
        (mine / "letter.txt").write_text("dear")
        result = subprocess.run(self.command(mine), capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)
        self.assertEqual([path.name for path in mine.iterdir()], ["letter.txt"])


if __name__ == "__main__":
    support.main(["mi_eval", "mi_prepare"], __doc__)
