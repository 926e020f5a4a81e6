"""80% intervals for solar power. usage: solar.py [parks]"""
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor as HGB

ERR = 0.15
Q = (0.1, 0.9)


def park(days, turb, rng):
    h = np.tile(np.arange(24), days)
    clear = np.sin(np.pi * (h - 5.5) / 13).clip(0) ** 1.2
    clear = np.where((h < 6) | (h > 18), 0, clear)
    cl = (np.repeat(rng.beta(1.2, 1.2, days), 24) + turb * rng.normal(size=len(h))).clip(0, 1)
    fc = (cl + ERR * rng.normal(size=len(h))).clip(0, 1)
    p = clear * (1 - 0.75 * cl**2)
    yest = np.concatenate([np.zeros(24), p[:-24]])
    keep = clear > 0.02
    return np.column_stack([clear, fc, yest, h])[keep], p[keep], h[keep]


def clim(h, p, ht):
    table = {k: np.quantile(p[h == k], Q) for k in set(h.tolist())}
    return np.array([table[k] for k in ht.tolist()]).T


def gb(x, p, xt, seed):
    return [
        HGB(loss="quantile", quantile=q, max_iter=120, max_leaf_nodes=15, learning_rate=0.1, early_stopping=False,
            random_state=seed).fit(x, p).predict(xt)
        for q in Q
    ]


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    for turb in (0.05, 0.2):
        out = {"climatology": [], "boosted": []}
        for seed in range(n):
            x, p, h = park(365, turb, np.random.default_rng([seed, 11]))
            xt, pt, ht = park(180, turb, np.random.default_rng([seed, 12]))
            for name, (lo, hi) in (("climatology", clim(h, p, ht)), ("boosted", gb(x, p, xt, seed))):
                out[name].append((((lo <= pt) & (pt <= hi)).mean(), (hi - lo).mean()))
        for name, v in out.items():
            print(turb, name, "coverage %.3f width %.3f" % tuple(np.mean(v, 0)))
