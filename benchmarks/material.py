"""The measures' material: made on demand, and kept in a folder for the next time.

Without recordings, everything comes from the synthetic orchestra (mi_prepare orchestra). With
recordings (--sounds, or the data that the tests look for), phrases are cut from these.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import numpy as np

RATE, N_FFT, HOP, BINS, CLIP_S = 16000, 2048, 256, 1024, 4
RECORDINGS = ("audio/gcompris/*.ogg", "audio/sms-tools/cello-phrase.wav",
              "audio/medley-solos-db/*.wav")
QUIET = ("run.evaluate_clips=1", "vqvae_training.warmup_steps=1", "prior_training.warmup_steps=1")


def magnitudes_of(sound: np.ndarray) -> np.ndarray:
    """[T, 1024], the models' input before the logarithm."""
    import librosa

    return np.ascontiguousarray(np.abs(librosa.stft(sound, n_fft=N_FFT, hop_length=HOP))[:BINS].T)


def convergence_db(target: np.ndarray, sound: np.ndarray) -> float:
    """20 log10(|target - estimate| / |target|): how near a sound's magnitudes are. Lower is better."""
    estimate = magnitudes_of(sound)[:len(target)]
    missing = np.pad(estimate, ((0, len(target) - len(estimate)), (0, 0)))
    return 20 * float(np.log10(np.linalg.norm(target - missing) / np.linalg.norm(target)))


class Material:
    def __init__(self, root: pathlib.Path, folder: pathlib.Path, programs: pathlib.Path, quick: bool,
                 sounds: list[pathlib.Path], corpus: pathlib.Path | None,
                 model: pathlib.Path | None):
        self.root, self.programs, self.quick = root, programs, quick
        self.folder = folder / ("quick" if quick else "full")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.given_sounds, self.given_corpus, self.given_model = sounds, corpus, model

    def _run(self, *command) -> None:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise RuntimeError(f"{command[0]}: {words[-1] if words else 'failed'}")

    def _made(self, name: str, make) -> pathlib.Path:
        """The folder of that name; `make` fills it under a temporary name, so it is complete or absent."""
        place = self.folder / name
        if not place.exists():
            partial = self.folder / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(place)
        return place

    # ---- the synthetic orchestra ----

    def players(self, tracks: int = 0, seconds: int = 0) -> pathlib.Path:
        """URMP's layout: 48 kHz sound, OpenPose files of whole pieces, notes."""
        tracks = tracks or (16 if self.quick else 40)
        seconds = seconds or (8 if self.quick else 30)
        return self._made(f"players-{tracks}x{seconds}", lambda out: self._run(
            self.programs / "mi_prepare", "orchestra", "--out", out, "--tracks", tracks, "--seconds",
            seconds, "--pose-format", "openpose", "--sound", "additive", "--no-mix"))

    def corpus(self) -> pathlib.Path:
        if self.given_corpus:
            return self.given_corpus
        players = self.players()
        return self._made("corpus", lambda out: self._run(
            self.programs / "mi_prepare", "folder", "--table", players / "tracks.csv", "--out", out))

    def track(self) -> tuple[pathlib.Path, pathlib.Path]:
        """Keypoints and notes of one track of the corpus."""
        pose = next(path for path in sorted(self.corpus().glob("*/pose.npy"))
                    if path.with_name("notes.csv").exists())
        return pose, pose.with_name("notes.csv")

    # ---- models ----

    def paper_model(self) -> pathlib.Path:
        """Of the paper's size, barely trained: the weights do not affect the time."""
        return self._made("paper-model", lambda out: self._run(
            self.programs / "mi_train", self.root / "configs/paper.yaml", "--corpus", self.corpus(),
            "--run", out, "--quiet", *_settings(
                *QUIET, "vqvae_training.steps=3", "vqvae_training.batch=1", "vqvae.plain_steps=1",
                "vqvae.kmeans_vectors=1024", "prior_training.steps=1", "prior_training.batch=1")))

    def small_model(self) -> pathlib.Path:
        """A small model whose decoded spectrograms look like music; the given one if there is one."""
        if self.given_model:
            return self.given_model
        steps = 30 if self.quick else 300
        return self._made("small-model", lambda out: self._run(
            self.programs / "mi_train", self.root / "configs/tiny.yaml", "--corpus", self.corpus(),
            "--run", out, "--quiet", *_settings(
                *QUIET, f"vqvae_training.steps={steps}", "vqvae.plain_steps=10",
                "vqvae.kmeans_vectors=2048", "prior_training.steps=1", "prior_training.batch=1")))

    # ---- sounds and spectrograms ----

    def recordings(self) -> list[pathlib.Path]:
        """Real ones if there are any, else those of the synthetic players."""
        if self.given_sounds:
            return self.given_sounds
        shared = pathlib.Path(os.environ.get("MINET_SHARED_DATA", self.root.parent / "shared/data"))
        found = [path for pattern in RECORDINGS for path in sorted(shared.glob(pattern))]
        return found or sorted(self.players().glob("*/AuSep_*.wav"))

    def phrases(self, count: int) -> list[pathlib.Path]:
        """Magnitudes [T, 1024] of 4 s from the loud part of each recording: one phrase each."""
        import librosa

        def make(out):
            out.mkdir(parents=True)
            made = 0
            for path in self.recordings():
                if made == count:
                    break
                sound, _ = librosa.load(path, sr=RATE, mono=True, res_type="soxr_hq")
                if len(sound) < CLIP_S * RATE * 0.7:
                    continue
                loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())[0]
                start = min(loud, max(0, len(sound) - CLIP_S * RATE))
                np.save(out / f"{made}.npy", magnitudes_of(sound[start:start + CLIP_S * RATE]))
                made += 1

        return sorted(self._made(f"phrases-{count}", make).glob("*.npy"))

    def decoded(self, count: int) -> list[pathlib.Path]:
        """Magnitudes decoded from a model's codes of clips it was not trained on."""
        model, corpus = self.small_model(), self.corpus()

        def make(out):
            out.mkdir(parents=True)
            self._run(self.programs / "decoded_spectrograms", model, corpus, count, out)

        return sorted(self._made(f"decoded-{count}", make).glob("*.npy"))

    def clips(self, count: int, frames: int, bins: int, seed: int) -> pathlib.Path:
        """Clips [N, frames x bins] of the corpus as standardised log-spectrograms, in one file."""
        import librosa

        def make(out):
            out.mkdir(parents=True)
            tracks = []
            for path in sorted(self.corpus().glob("*/audio.flac")):
                sound, _ = librosa.load(path, sr=None)
                unit = np.maximum(magnitudes_of(sound)[:, :bins] / 100, 1e-4)
                decibel = 20 * np.log10(unit).astype(np.float32)
                if len(decibel) >= frames:
                    tracks.append((decibel - decibel.mean()) / max(1.0, decibel.std()))
            random = np.random.default_rng(seed)
            found = np.lib.format.open_memmap(out / "clips.npy", "w+", np.float32,
                                              (count, frames * bins))
            for i in range(count):
                track = tracks[i * len(tracks) // count]
                first = random.integers(len(track) - frames + 1)
                found[i] = track[first:first + frames].ravel()
            found.flush()

        return self._made(f"clips-{count}x{frames}x{bins}-{seed}", make) / "clips.npy"

    def vectors(self, count: int, width: int, seed: int) -> pathlib.Path:
        """Vectors in a dozen clusters, as a body encoder makes them for a dozen instruments."""
        def make(out):
            out.mkdir(parents=True)
            random = np.random.default_rng(seed)
            centres = np.random.default_rng(0).normal(size=(12, width))
            points = centres[random.integers(12, size=count)] + 0.6 * random.normal(
                size=(count, width))
            np.save(out / "vectors.npy", points.astype(np.float32))

        return self._made(f"vectors-{count}x{width}-{seed}", make) / "vectors.npy"


def _settings(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]
