# stage at the town gauge, first go: least squares only, predicts the stage
import numpy as np

rng = np.random.default_rng(0)
T = 8000
rain = np.convolve((rng.random(T) < 0.02) * rng.gamma(2, 3, T), np.exp(-np.arange(12) / 4))[:T]
up, town = np.zeros(T), np.zeros(T)
for t in range(1, T):
    up[t] = up[t - 1] + 0.1 * rain[t - 1] - 0.08 * up[t - 1]
    town[t] = town[t - 1] + 0.08 * up[t - 1] - (0.05 if town[t - 1] < 6 else 0.02) * town[t - 1]

LAGS = 12
for lead in (3, 6, 12, 24):
    ends = range(LAGS, T - lead + 1)
    X = np.array([np.r_[rain[t - LAGS : t], up[t - LAGS : t], town[t - LAGS : t], 1] for t in ends])
    y = np.array([town[t + lead - 1] for t in ends])
    n = 6000
    w = np.linalg.lstsq(X[:n], y[:n], rcond=None)[0]
    e = X[n:] @ w - y[n:]
    print(lead, "NSE %.4f" % (1 - (e**2).sum() / ((y[n:] - y[n:].mean()) ** 2).sum()))

    # hours above the bank only, there are not many
    high = y[n:] > 6
    if high.sum() > 20:
        print("   rms above the bank %.3f, below %.3f (%d hours)" % (e[high].std(), e[~high].std(), high.sum()))
    # which gauge carries the forecast?
    for k, name in enumerate(("rain", "upstream", "town")):
        part = X.copy()
        part[:, k * LAGS : (k + 1) * LAGS] = part[:n, k * LAGS : (k + 1) * LAGS].mean(0)
        print("   rms without %s %.3f" % (name, (part[n:] @ w - y[n:]).std()))
