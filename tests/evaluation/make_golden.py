"""Writes golden/: results of scikit-learn and NumPy on the same arrays, for statistics_test.cpp, and
on the same spectrograms, pitch track and notes, for spectral_test.cpp and note_scores_test.cpp.

    python make_golden.py      needs numpy, scipy and scikit-learn
"""
import json
import pathlib

import numpy as np
from scipy.stats import norm
from sklearn.cluster import KMeans
from sklearn.manifold import TSNE
from sklearn.neighbors import KNeighborsClassifier

FOLDER = pathlib.Path(__file__).parent / "golden"
rng = np.random.default_rng(1)

centres = rng.normal(size=(12, 24)) * 2
points = (centres[rng.integers(0, 12, 600)] + rng.normal(size=(600, 24)) * 1.3).astype(np.float32)
judged = (centres[rng.integers(0, 6, 200)] + rng.normal(size=(200, 24)) * 1.3).astype(np.float32)

# NDB, given centres.
kmeans = KMeans(n_clusters=20, n_init=10, random_state=0).fit(points.astype(np.float64))
given = kmeans.cluster_centers_.astype(np.float32)


def counts_of(rows):
    distances = ((rows.astype(np.float64)[:, None] - given.astype(np.float64)[None]) ** 2).sum(2)
    return np.bincount(distances.argmin(1), minlength=20)


a, b = counts_of(points), counts_of(judged)
n, m = a.sum(), b.sum()
pooled = (a + b) / (n + m)
z = (b / m - a / n) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
p, q = a / n, b / m
mix = (p + q) / 2
kl = lambda x: np.sum(np.where(x > 0, x * np.log(np.where(x > 0, x, 1) / mix), 0))

# 1-NN by cosine.
labels = rng.integers(0, 5, 600)
guessed = KNeighborsClassifier(n_neighbors=1, metric="cosine").fit(points, labels).predict(judged)

# t-SNE of the points themselves.
tsne = TSNE(init="pca", learning_rate="auto", perplexity=30, random_state=0).fit(points)

FOLDER.mkdir(exist_ok=True)
np.save(FOLDER / "points.npy", points)
np.save(FOLDER / "judged.npy", judged)
np.save(FOLDER / "centres.npy", given)
(FOLDER / "figures.json").write_text(json.dumps({
    "inertia": kmeans.inertia_, "counts": a.tolist(), "judged_counts": b.tolist(), "z": z.tolist(),
    "ndb": int((2 * norm.sf(np.abs(z)) < 0.05).sum()), "js": (kl(p) + kl(q)) / 2,
    "labels": labels.tolist(), "guessed": guessed.tolist(),
    "tsne_kl": float(tsne.kl_divergence_)}) + "\n")


# Log-spectral distance, in float64 from the same float32 values.
rng = np.random.default_rng(2)


def decibel_of(values, scale):
    raw = values.astype(np.float64) * scale["deviation"] + scale["mean"]
    if scale["kind"] == "log1p":
        magnitude = np.maximum(np.expm1(raw), 1e-300)
        raw = 20 * np.log10(magnitude / scale["reference"])
    return np.maximum(raw, -80)


def log_spectral_distance(real, estimate, scale):
    difference = decibel_of(real, scale) - decibel_of(estimate, scale)
    return float(np.sqrt((difference**2).mean(1)).mean())


# Some values of both lie below the floor of -80 dB; on the log1p scale some match no magnitude.
spectra = {"decibel": rng.normal(-0.2, 1.1, (2, 24, 40)).astype(np.float32),
           "log1p": rng.normal(0.3, 0.8, (2, 24, 40)).astype(np.float32)}
scales = [{"kind": "decibel", "reference": 50.0, "mean": -60.0, "deviation": 15.0},
          {"kind": "log1p", "reference": 50.0, "mean": 0.4, "deviation": 0.7}]
for scale in scales:
    np.save(FOLDER / f"spectra_{scale['kind']}.npy", spectra[scale["kind"]])
    scale["log_spectral_distance_db"] = log_spectral_distance(*spectra[scale["kind"]], scale)

# Pitch accuracy and recall: a synthetic pitch track, often out of tune, an octave off or without a
# pitch, over notes with gaps and chords.
HOP_S, FRAMES = 0.016, 1250
onsets = np.cumsum(rng.uniform(0.08, 0.6, 60))
notes = [{"onset_s": float(onset), "duration_s": float(rng.uniform(0.05, 0.9)),
          "pitch": int(rng.integers(40, 90))} for onset in onsets if onset < HOP_S * FRAMES]
begin, end, pitch = (np.array(column) for column in zip(
    *((n["onset_s"], n["onset_s"] + n["duration_s"], n["pitch"]) for n in notes)))
times = np.arange(FRAMES)[:, None] * HOP_S  # [T, 1] beside [notes]
sounding = (times >= begin) & (times < end)
alone = sounding.sum(1) == 1
which = sounding.argmax(1)
inside = alone & (times[:, 0] > begin[which] + 0.05) & (times[:, 0] < end[which] - 0.05)
true_hz = 440 * 2 ** ((pitch[which] - 69) / 12)
hz = true_hz * 2 ** (rng.normal(0, 45, FRAMES) / 1200 + rng.choice([0, 1, -1], FRAMES,
                                                                   p=[0.9, 0.06, 0.04]))
hz = np.where(rng.random(FRAMES) < 0.15, 0, hz).astype(np.float32)
voiced = inside & (hz > 0)
cents = 1200 * np.log2(np.where(hz > 0, hz, 1).astype(np.float64) / true_hz)
right = voiced & (np.abs(cents) <= 50)
np.save(FOLDER / "pitch_hz.npy", hz)
(FOLDER / "sound.json").write_text(json.dumps({
    "scales": scales, "hop_s": HOP_S, "notes": notes, "frames": int(inside.sum()),
    "pitch_accuracy": right.sum() / voiced.sum(), "pitch_recall": right.sum() / inside.sum()})
    + "\n")
