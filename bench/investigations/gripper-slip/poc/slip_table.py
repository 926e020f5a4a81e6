"""ratio or ratio + wobble: average precision per payload"""
import argparse

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from slip_sim import feats, simulate

ap = argparse.ArgumentParser()
ap.add_argument("--n", type=int, default=800)
ap.add_argument("--seeds", type=int, default=6)
opt = ap.parse_args()
SURFACES = {"oiled": 0.3, "card": 0.5, "rubber": 0.7}


def score(mu, kg, seed, wobble):
    fn, sh, y = simulate(opt.n, mu, kg, seed)
    ft, st, yt = simulate(opt.n, mu, kg, 5000 + seed)
    m = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    m.fit(feats(fn, sh, wobble), y)
    return average_precision_score(yt, m.predict_proba(feats(ft, st, wobble))[:, 1])


if __name__ == "__main__":
    print("kg    ratio  wobble lift")
    for kg in (0.6, 0.8, 1.0):
        a, b = [], []
        for mu in SURFACES.values():
            for seed in range(opt.seeds):
                a.append(score(mu, kg, seed, False))
                b.append(score(mu, kg, seed, True))
        print("%.1f   %.3f  %.3f  %+.3f" % (kg, np.mean(a), np.mean(b), np.mean(b) - np.mean(a)))
