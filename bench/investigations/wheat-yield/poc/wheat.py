# penalty grid for wheat yields.  wheat.py > grid.tsv
import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

F, Y, W = 20, 30, 20
GRID = [0.01, 0.1, 1, 10, 100]


def district(k):
    r = np.random.default_rng(600 + k)
    soil = r.normal(6.5, 0.6, F)
    s = r.normal(size=(Y, 2 * W))
    for w in range(1, W):
        s[:, w] += 0.6 * s[:, w - 1]
        s[:, W + w] += 0.6 * s[:, W + w - 1]
    x = s + 0.3 * r.normal(size=(F, Y, 2 * W))
    early, late, heat = x[..., :6].mean(-1), x[..., W // 2 : W].mean(-1), x[..., W + W // 2 :].mean(-1)
    y = soil[:, None] + 0.25 * early - 0.5 * heat**2 - 0.8 * np.maximum(-late, 0) * (heat > 0)
    return x, y + 0.25 * r.normal(size=(F, Y))


def part(x, y, a, b):
    return x[:, a:b].reshape(-1, 2 * W), (y[:, a:b] - y[:, :a].mean(1)[:, None]).reshape(-1)


def err(m, xy):
    return ((m.predict(xy[0]) - xy[1]) ** 2).mean() ** 0.5


if __name__ == "__main__":
    res = np.zeros((8, len(GRID), 2, 2))
    for d in range(8):
        x, y = district(d)
        tr, va, te = part(x, y, 5, 20), part(x, y, 20, 24), part(x, y, 24, 30)
        for i, lam in enumerate(GRID):
            for j, m in enumerate((Ridge(lam), KernelRidge(alpha=lam, kernel="rbf", gamma=0.01))):
                m.fit(*tr)
                res[d, i, j] = err(m, va), err(m, te)
    print("penalty\tlin_val\tlin_test\tker_val\tker_test")
    for lam, row in zip(GRID, res.mean(0)):
        print(lam, *("%.4f" % v for v in row.ravel()), sep="\t")
    span = (res[..., 1].max(1) - res[..., 1].min(1)).mean(0)
    print("# span linear %.4f kernel %.4f" % tuple(span))
