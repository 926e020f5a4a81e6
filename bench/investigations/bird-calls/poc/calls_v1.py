# warbler calls, 1-NN, clean training, rainy test
import numpy as np

rng = np.random.default_rng(0)


def calls(n, rain):
    k = rng.integers(0, 5, n)
    f = 8 + 3.0 * k + rng.normal(0, 1, n)
    sw = np.array([6.0, -4.0, 0.0, 5.0, -5.0])[k] + rng.normal(0, 1, n)
    tr = np.array([2, 3, 5, 4, 6])[k] + rng.normal(0, 0.2, n)
    t = np.linspace(0, 1, 40)
    c = f[:, None] + sw[:, None] * t + 1.5 * np.sin(2 * np.pi * tr[:, None] * t)
    s = np.exp(-0.5 * ((np.arange(32) - c[..., None]) / 1.2) ** 2)
    return s + rain * rng.exponential(1, s.shape) + 1e-6, k


def nn(a, ka, b, kb):
    hit = [ka[((a - q) ** 2).sum(1).argmin()] == k for q, k in zip(b, kb)]
    return np.mean(hit)


a, ka = calls(500, 0.0)
for rain in (0.0, 0.2, 0.4):
    b, kb = calls(500, rain)
    spec = nn(np.log(a.mean(1)), ka, np.log(b.mean(1)), kb)
    ridge = nn(a.argmax(2)[:, ::2], ka, b.argmax(2)[:, ::2], kb)
    print(rain, "spectrum %.3f ridge %.3f" % (spec, ridge))

# who is taken for whom in the heaviest rain
table = np.zeros((5, 5), int)
for q, k in zip(np.log(b.mean(1)), kb):
    table[k, ka[((np.log(a.mean(1)) - q) ** 2).sum(1).argmin()]] += 1
print(table)
