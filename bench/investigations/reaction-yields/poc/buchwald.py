#!/usr/bin/env python
# usage: buchwald.py [plate.csv] > errors.tsv
import sys

import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NCUT = 10


def fake():
    r = np.random.default_rng(1536)
    d = r.normal(size=(1536, 16))
    a = d @ r.normal(scale=4.0, size=16)
    yl = np.clip(45 + a + 9 * d[:, 0] * d[:, 1] - 7 * d[:, 2] * d[:, 5] + r.normal(scale=5.0, size=1536), 0, 100)
    return d, yl


def load():
    if len(sys.argv) < 2:
        return fake()
    df = pd.read_csv(sys.argv[1])
    return df[sorted(c for c in df if c.startswith("d_"))].values, df["yield"].values


def mae(m, X, y):
    return abs(m.predict(X) - y).mean()


if __name__ == "__main__":
    X, y = load()
    print("cut\tlin\tgbr\tlin_val\tgbr_val")
    for seed in range(NCUT):
        Xr, Xt, yr, yt = train_test_split(X, y, test_size=0.3, random_state=seed)
        Xa, Xv, ya, yv = train_test_split(Xr, yr, test_size=0.2, random_state=500 + seed)
        lin = make_pipeline(StandardScaler(), Ridge(1.0)).fit(Xa, ya)
        gbr = GradientBoostingRegressor(n_estimators=300, learning_rate=0.05, max_depth=3, random_state=seed)
        gbr.fit(Xa, ya)
        vals = [mae(lin, Xt, yt), mae(gbr, Xt, yt), mae(lin, Xv, yv), mae(gbr, Xv, yv)]
        print(seed, *("%.4f" % v for v in vals), sep="\t")
