"""toy jets and linear/quadratic discriminants"""
import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.metrics import roc_auc_score


def make_jets(n, smear, seed):
    r = np.random.default_rng(seed)
    q = r.integers(0, 2, n)
    lpt = r.normal(5.0, 0.3, n)
    mult = r.poisson(np.where(q, 4.0, 6.5) * lpt)
    w = r.gamma(3.0, np.where(q, 0.03, 0.045))
    z = r.beta(np.where(q, 3.0, 2.2), np.sqrt(mult + 1.0))
    m = np.exp(lpt) * w * r.lognormal(0, 0.2, n)
    f = np.stack([np.log1p(mult), np.log(w), z, np.log(m)], 1)
    f = f + smear * f.std(0) * r.normal(size=f.shape)
    return f.astype("float32"), q


def show(x, y):
    for k, name in enumerate(("log mult", "log width", "frag", "log mass")):
        q, g = x[y == 1, k], x[y == 0, k]
        print("%-10s quark %6.3f +- %.3f  gluon %6.3f +- %.3f" % (name, q.mean(), q.std(), g.mean(), g.std()))


if __name__ == "__main__":
    show(*make_jets(4000, 0.0, 0))
    for smear in (0.0, 0.25, 0.5):
        x, y = make_jets(4000, smear, 0)
        xt, yt = make_jets(4000, smear, 20000)
        for c in (LinearDiscriminantAnalysis(), QuadraticDiscriminantAnalysis()):
            print(smear, type(c).__name__, "%.4f" % roc_auc_score(yt, c.fit(x, y).decision_function(xt)))
