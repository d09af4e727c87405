"""Makes golden/ for statistics_test.cpp: what scikit-learn and NumPy say of the same arrays.

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
