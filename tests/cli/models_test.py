"""The models in models/: they load unchanged, play synthetic players with and without notes, are refused if damaged.

    python3 tests/cli/models_test.py MI_GENERATE MI_PREPARE [TEST...]
"""
import array
import csv
import json
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import support

SHIPPED = support.SOURCE / "models"


def loudest(path):
    data = path.read_bytes()
    samples = array.array("h", data[44:44 + (len(data) - 44) // 2 * 2])
    return max(abs(sample) for sample in samples) / 32768


class Shipped(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="minet-models-")
        cls.addClassCleanup(cls.holder.cleanup)
        cls.corpus = cls.small_corpus(pathlib.Path(cls.holder.name))
        with (cls.corpus / "tracks.csv").open() as file:
            cls.track = cls.corpus / next(row["id"] for row in csv.DictReader(file) if row["instrument"] == "vn")

    def test_they_play_with_and_without_notes(self):
        for model in ("plus", "paper"):
            sounds = []
            for notes in ([], ["--notes", self.track / "notes.csv"]):
                out = self.folder / f"{model}{len(notes)}.wav"
                self.assert_works("--model", SHIPPED / model, "--pose", self.track / "pose.npy", *notes, "--seconds", "4",
                                  "--threads", "1", "-o", out)
                self.assertGreater(loudest(out), 0.02)
                sounds.append(out.read_bytes())
            self.assertNotEqual(*sounds)

    def test_they_draw_as_their_configuration_says_unless_told_otherwise(self):
        copy = self.folder / "copy"
        shutil.copytree(SHIPPED / "plus", copy)
        config = copy / "config.yaml"
        text = config.read_text().split("generation:")[0]

        def drawn(*arguments):
            out = self.folder / "out.wav"
            self.assert_works("--model", copy, "--pose", self.track / "pose.npy", "--seconds", "1", "--threads", "1",
                              "--force", "-o", out, *arguments)
            inputs = json.loads(out.with_suffix(".json").read_text())["inputs"]
            return inputs["temperature"], inputs["top_p"], inputs["top_k"], inputs["level_temperature"]

        notes = ["--notes", self.track / "notes.csv"]
        config.write_text(text)  # as before this section existed
        self.assertEqual(drawn(), (1, 1, 0, 0.5))
        config.write_text(text + "generation:\n  temperature: 0.25\n  top_p: 0.5\n  notes_temperature: 0.75\n  top_k: 7\n"
                          "  level_temperature: 0.125\n")
        self.assertEqual(drawn(), (0.25, 0.5, 7, 0.125))
        self.assertEqual(drawn(*notes), (0.75, 1, 7, 0.125))
        self.assertEqual(drawn(*notes, "--temperature", "0.9", "--top-k", "3", "--top-p", "0.8"), (0.9, 0.8, 3, 0.125))
        config.write_text(text + "generation:\n  temperature: cold\n")
        self.assert_fails("--model", copy, "--pose", self.track / "pose.npy", "-o", self.folder / "bad.wav",
                          says=["config.yaml", "generation.temperature"])

    def test_a_damaged_one_is_refused(self):
        copy = self.folder / "copy"
        shutil.copytree(SHIPPED / "plus", copy)
        weights = copy / "model.safetensors"
        data = bytearray(weights.read_bytes())
        data[-100] ^= 1
        weights.write_bytes(data)
        self.assert_fails("--model", copy, "--pose", self.track / "pose.npy", "-o", self.folder / "out.wav",
                          says=["SHA-256"])

    def test_they_stay_small(self):
        self.assertLess(sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()), 32 << 20)


if __name__ == "__main__":
    support.main(["mi_generate", "mi_prepare"], __doc__)
