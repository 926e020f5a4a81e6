# points score vs logistic regression, auc and interval. state after debate 1 (cut by patient)
import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score as auc
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

COLS = ["length", "acute", "comorbidity", "emergency_visits"]
SEED = 5


def fake(n=2500):
    r = np.random.default_rng(SEED)
    out = []
    for p in range(n):
        f = r.normal()
        for _ in range(1 + r.poisson(np.exp(0.4 + 0.5 * f))):
            los = 1 + r.poisson(4 * np.exp(0.3 * f))
            ac = int(r.random() < 0.6)
            co = r.poisson(1.5 * np.exp(0.4 * f))
            ev = r.poisson(0.8 * np.exp(0.6 * f))
            z = -0.5 + 0.5 * f + 0.05 * los + 0.3 * ac + 0.15 * co + 0.2 * ev
            out.append((p, los, ac, co, ev, r.exponential(160 * np.exp(-z)) if r.random() < 0.8 else np.inf))
    return pd.DataFrame(out, columns=["patient"] + COLS + ["days_to_next"])


def score(d):
    los = np.select([d.length < 2, d.length < 3, d.length < 4, d.length < 7, d.length < 14], [0, 1, 2, 3, 4], 5)
    return los + 3 * d.acute + d.comorbidity.clip(upper=5) + d.emergency_visits.clip(upper=4)


df = pd.read_csv(sys.argv[1]) if len(sys.argv) > 1 else fake()
for days in (30, 90):
    y = (df.days_to_next <= days).values
    tr, te = next(GroupShuffleSplit(1, test_size=0.4, random_state=SEED).split(df, groups=df.patient))
    m = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(df.iloc[tr][COLS], y[tr])
    a, b, t = score(df.iloc[te]).values, m.predict_proba(df.iloc[te][COLS])[:, 1], y[te]
    r = np.random.default_rng(SEED)
    boot = []
    for _ in range(1000):
        i = r.integers(0, len(t), len(t))
        boot.append(auc(t[i], b[i]) - auc(t[i], a[i]))
    lo, hi = np.percentile(boot, [2.5, 97.5])
    print(days, "points %.3f model %.3f gain %+.3f [%.3f, %.3f]" % (auc(t, a), auc(t, b), auc(t, b) - auc(t, a), lo, hi))
