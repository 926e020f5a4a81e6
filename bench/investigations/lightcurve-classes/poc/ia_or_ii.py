# Ia vs II, table for the group meeting.   python ia_or_ii.py [trees]
import sys

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NIGHTS = np.linspace(-10, 60, 24)
NTRAIN, NTEST = 1200, 800
CLEAR = 0.5


def curves(n, err, rng):
    ia = rng.integers(0, 2, n)
    t0 = rng.normal(0, 3, n)
    s = rng.normal(1, 0.12, n)
    t = (NIGHTS - t0[:, None]) / s[:, None]
    f_ia = np.exp(-0.5 * (t / 14) ** 2) + 0.25 * np.exp(-0.5 * ((t - 26) / 9) ** 2)
    f_ii = np.where(t < 0, np.exp(-0.5 * (t / 7) ** 2), np.exp(-abs(t) / 70))
    f = np.where(ia[:, None] == 1, f_ia, f_ii) + rng.normal(0, err, t.shape)
    f[rng.random(f.shape) >= CLEAR] = 0
    return f, ia


if __name__ == "__main__":
    trees = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for err in (0.1, 0.3, 0.5):
        lin, rf = [], []
        for seed in range(5):
            rng = np.random.default_rng(seed)
            x, y = curves(NTRAIN, err, rng)
            xt, yt = curves(NTEST, err, rng)
            m = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x, y)
            lin.append(roc_auc_score(yt, m.predict_proba(xt)[:, 1]))
            m = RandomForestClassifier(trees, min_samples_leaf=3, random_state=seed).fit(x, y)
            rf.append(roc_auc_score(yt, m.predict_proba(xt)[:, 1]))
        print(err, "lin %.3f" % np.mean(lin), "rf %.3f" % np.mean(rf), "gap %+.3f" % (np.mean(rf) - np.mean(lin)))
