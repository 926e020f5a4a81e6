"""python churn_letters.py [customers.csv]"""
import sys

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import brier_score_loss, f1_score, precision_score, recall_score
from sklearn.model_selection import train_test_split

A = ["tenure", "monthly_fee", "has_fibre", "n_lines", "late_payments"]
B = A + ["minutes_out", "minutes_in", "hotline_calls", "roaming_days", "silent_days"]


def fake(n=6000):
    r = np.random.default_rng(77)
    d = {"tenure": r.exponential(30, n).round(), "monthly_fee": r.normal(28, 8, n).clip(5),
         "has_fibre": r.integers(0, 2, n), "n_lines": 1 + r.poisson(0.5, n), "late_payments": r.poisson(0.3, n),
         "minutes_out": r.gamma(2, 60, n), "minutes_in": r.gamma(2, 70, n), "hotline_calls": r.poisson(0.6, n),
         "roaming_days": r.poisson(1.0, n), "silent_days": r.binomial(30, 0.15, n)}
    df = pd.DataFrame(d)
    z = (-3.4 - 0.02 * df.tenure + 0.05 * df.monthly_fee + 0.5 * df.late_payments + 0.7 * df.hotline_calls
         + 0.12 * df.silent_days)
    df["churned"] = (r.random(n) < 1 / (1 + np.exp(-z))).astype(int)
    return df


df = pd.read_csv(sys.argv[1]) if len(sys.argv) > 1 else fake()
res = {"contract": [], "with calls": []}
for s in range(6):
    tr, rest = train_test_split(df, test_size=0.4, stratify=df.churned, random_state=s)
    va, te = train_test_split(rest, test_size=0.5, stratify=rest.churned, random_state=s)
    for name, cols in zip(res, (A, B)):
        rf = RandomForestClassifier(300, min_samples_leaf=10, random_state=s).fit(tr[cols], tr.churned)
        send = rf.predict_proba(te[cols])[:, 1] >= 0.5
        brier = brier_score_loss(va.churned, rf.predict_proba(va[cols])[:, 1])
        y = te.churned
        res[name].append([f1_score(y, send), precision_score(y, send), recall_score(y, send), send.mean(), brier])

print("            f1     prec   rec    sent   brier(val)")
for name, rows in res.items():
    print("%-11s" % name, *("%.4f" % v for v in np.mean(rows, 0)))
