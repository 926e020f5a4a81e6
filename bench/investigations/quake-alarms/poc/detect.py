# sta/lta trigger vs logistic regression
import sys

import numpy as np
from make_windows import make
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

S, LT, TRIG = 10, 80, 5.0


def ratio(g):
    c = np.concatenate([np.zeros((len(g), 1)), np.cumsum(g**2, 1)], 1)
    e = np.arange(S + LT, g.shape[1] + 1)
    return (((c[:, e] - c[:, e - S]) / S) / ((c[:, e - S] - c[:, e - S - LT]) / LT)).max(1)


def feats(g):
    p = np.abs(np.fft.rfft(g)) ** 2
    p = p / p.sum(1)[:, None]
    return np.column_stack([np.log(ratio(g))] + [b.sum(1) for b in np.array_split(p, 4, axis=1)[:3]])


def show(alarm, q):
    found = (alarm & q).sum()
    wrong = (alarm & ~q).sum()
    return found / q.sum(), wrong / max(alarm.sum(), 1)


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    res = []
    for station in range(n):
        g, q = make(1500, station)
        gt, qt = make(3000, 400 + station)
        m = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(feats(g), q)
        res.append(show(ratio(gt) > TRIG, qt) + show(m.predict(feats(gt)), qt))
    a, b, c, d = np.mean(res, 0)
    print("trigger   recall %.3f  false alarm rate %.3f" % (a, b))
    print("logistic  recall %.3f  false alarm rate %.3f" % (c, d))
