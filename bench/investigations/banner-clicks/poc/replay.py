#!/usr/bin/env python3
"""Replay a (fake) week of impressions through FTRL and through SGD."""
import sys

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

N, F, D = 14000, 8, 4096
PASSES = 3
A, B, L1, L2 = 0.1, 1.0, 0.5, 1.0


def sig(z):
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


def week(seed):
    r = np.random.default_rng(seed)
    idx = r.zipf(1.4, size=(N, F)) % (D // F) + np.arange(F) * (D // F)
    w0, w1 = r.normal(0, 0.6, D), r.normal(0, 0.6, D)
    t = np.arange(N)[:, None] / N
    y = (r.random(N) < sig(-2.5 + (w0[idx] + t * w1[idx]).sum(1))).astype(int)
    return idx, y, np.arange(N) * 7 // N


def ftrl(idx, y):
    z, n, w = np.zeros(D), np.zeros(D), np.zeros(D)
    for _ in range(PASSES):
        for i, c in zip(idx, y):
            w[i] = np.where(abs(z[i]) <= L1, 0, (np.sign(z[i]) * L1 - z[i]) / ((B + np.sqrt(n[i])) / A + L2))
            g = sig(w[i].sum()) - c
            s = (np.sqrt(n[i] + g * g) - np.sqrt(n[i])) / A
            z[i] += g - s * w[i]
            n[i] += g * g
    return w


def onehot(idx):
    return csr_matrix((np.ones(idx.size), idx.ravel(), np.arange(0, idx.size + 1, F)), shape=(len(idx), D))


def ne(p, y):
    p = p.clip(1e-6, 1 - 1e-6)
    q = y.mean()
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean() / -(q * np.log(q) + (1 - q) * np.log(1 - q))


weeks = int(sys.argv[1]) if len(sys.argv) > 1 else 8
out = []
for seed in range(weeks):
    idx, y, day = week(seed)
    tr, te = day < 6, day == 6
    w = ftrl(idx[tr], y[tr])
    m = SGDClassifier(loss="log_loss", alpha=1e-6, learning_rate="constant", eta0=0.02, max_iter=PASSES, tol=None,
                      shuffle=False, random_state=seed).fit(onehot(idx[tr]), y[tr])
    out.append((ne(sig(w[idx[te]].sum(1)), y[te]), ne(m.predict_proba(onehot(idx[te]))[:, 1], y[te])))
    print("week %d  ftrl %.4f  sgd %.4f" % (seed, *out[-1]))
f, s = np.mean(out, 0)
print("mean    ftrl %.4f  sgd %.4f  gain %+.4f" % (f, s, s - f))
