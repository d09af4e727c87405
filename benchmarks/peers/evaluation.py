"""The costly steps of mi_eval with scikit-learn and NumPy; a worker.

    evaluation.py ndb BINS RESTARTS TRAIN.npy JUDGED.npy    clips [N, d]
    evaluation.py knn QUERIES.npy BASE.npy GROUP            vectors; rows within a group of GROUP rows
                                                            do not count as neighbours
    evaluation.py tsne ITERATIONS POINTS.npy

float32 throughout. ndb: training clips in memory, as KMeans requires; judged clips in blocks.
"""

import sys

import numpy as np
from worker import serve

BLOCK = 64


def ndb(bins, restarts, train_path, judged_path):
    from sklearn.cluster import KMeans

    def work():
        train = np.load(train_path)
        means = KMeans(bins, n_init=restarts, random_state=1, copy_x=False)
        means.fit(train)
        judged = np.load(judged_path, mmap_mode="r")
        counts = np.zeros(bins, np.int64)
        for first in range(0, len(judged), BLOCK):
            counts += np.bincount(means.predict(np.array(judged[first:first + BLOCK])),
                                  minlength=bins)
        return means.inertia_, counts

    serve(work, lambda found: {"inertia": float(found[0]), "judged": found[1].tolist()})


def knn(queries_path, base_path, group):
    queries, base = np.load(queries_path), np.load(base_path)
    query_groups, base_groups = np.arange(len(queries)) // group, np.arange(len(base)) // group

    def work():
        units = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        others = base / np.linalg.norm(base, axis=1, keepdims=True)
        scores = units @ others.T
        scores[query_groups[:, None] == base_groups[None, :]] = -np.inf
        return scores.argmax(axis=1)

    serve(work, lambda nearest: {"check": int(nearest.sum())})


def tsne(iterations, path):
    from sklearn.manifold import TSNE

    points = np.load(path)

    def work():
        mapping = TSNE(perplexity=30, max_iter=iterations, random_state=1)
        mapping.fit_transform(points)
        return mapping.kl_divergence_

    serve(work, lambda kl: {"kl": float(kl)})


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "ndb":
        ndb(int(words[0]), int(words[1]), words[2], words[3])
    elif what == "knn":
        knn(words[0], words[1], int(words[2]))
    else:
        tsne(int(words[0]), words[1])
