"""celltypes.py [donors]: naive bayes on counts against centroids on log cpm"""
import sys

import numpy as np
from sklearn.metrics import f1_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import NearestCentroid

G, T, DEPTH = 300, 6, 1000


def profiles(shared, rng):
    b = rng.gamma(0.4, 1, G)
    o = rng.gamma(0.4, 1, (T, G))
    p = np.where(rng.random(G) < shared, b, o) + 1e-4
    return p / p.sum(1)[:, None]


def cells(p, n, rng):
    t = rng.integers(0, T, n)
    m = p[t] * rng.gamma(4.0, 0.25, (n, G))
    return np.array([rng.multinomial(DEPTH, q / q.sum()) for q in m]), t


def lognorm(c):
    return np.log1p(c / c.sum(1)[:, None] * 1e4)


if __name__ == "__main__":
    donors = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for shared in (0.95, 0.98, 0.99):
        f = []
        for d in range(donors):
            p = profiles(shared, np.random.default_rng([d, 0]))
            x, y = cells(p, 600, np.random.default_rng([d, 1]))
            xt, yt = cells(p, 600, np.random.default_rng([d, 2]))
            nb = MultinomialNB().fit(x, y).predict(xt)
            nc = NearestCentroid().fit(lognorm(x), y).predict(lognorm(xt))
            f.append([f1_score(yt, q, average="macro") for q in (nc, nb)])
        print("shared %.2f  centroid %.3f  counting %.3f" % (shared, *np.mean(f, 0)))
