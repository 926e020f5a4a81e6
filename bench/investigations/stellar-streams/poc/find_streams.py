# k-means and gaussian mixtures on toy halos
import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

NF = 600
LONG, SHORT = 1.2, 0.2


def halo(k, seed):
    r = np.random.default_rng(seed)
    x, s = [r.normal(0, 3, (NF, 3))], [0] * NF
    for i in range(k):
        c = r.normal(0, 2, 3)
        q, _ = np.linalg.qr(r.normal(size=(3, 3)))
        n = r.integers(60, 240)
        x.append(c + r.normal(size=(n, 3)) * [LONG, SHORT, SHORT] @ q.T)
        s += [i + 1] * n
    x = np.concatenate(x)
    return (x - x.mean(0)) / x.std(0), np.array(s)


def once(k, seed):
    x, s = halo(k, seed)
    kw = dict(n_init=1, max_iter=200, random_state=seed)
    km = KMeans(k + 1, **kw).fit_predict(x)
    gm = GaussianMixture(k + 1, covariance_type="full", **kw).fit_predict(x)
    return adjusted_rand_score(s, km), adjusted_rand_score(s, gm)


if __name__ == "__main__":
    halos = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    for k in (3, 6, 9):
        res = np.array([once(k, seed) for seed in range(halos)])
        print("%d streams  kmeans %.3f  mixture %.3f  lift %+.3f" % (k, *res.mean(0), np.diff(res.mean(0))[0]))
