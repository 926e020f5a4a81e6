"""second go: network against least squares, change of stage, history chosen for the network"""
import copy

import numpy as np
import torch

LEADS, HISTORY = (3, 6, 12), (6, 12, 24, 48)
EPOCHS = 20


def river(seed, T=12000):
    r = np.random.default_rng(seed)
    rain = np.convolve((r.random(T) < 0.02) * r.gamma(2, 3, T), np.exp(-np.arange(12) / 4))[:T]
    up, town = np.zeros(T), np.zeros(T)
    for t in range(1, T):
        up[t] = up[t - 1] + 0.1 * rain[t - 1] - 0.08 * up[t - 1]
        town[t] = town[t - 1] + 0.08 * up[t - 1] - (0.05 if town[t - 1] < 6.0 else 0.02) * town[t - 1]
    g = np.stack([rain, up, town], 1)
    g[:, 1:] += 0.02 * r.normal(size=(T, 2))
    return g


def xy(g, lags, lead):
    ends = range(lags, len(g) - lead + 1)
    x = np.array([g[t - lags : t].ravel() for t in ends], dtype="float32")
    y = np.array([g[t + lead - 1, 2] - g[t - 1, 2] for t in ends], dtype="float32")
    mu, sd = x[:6000].mean(0), x[:6000].std(0)
    x = (x - mu) / sd
    return (x[:6000], y[:6000]), (x[6000:8000], y[6000:8000]), (x[8000:], y[8000:])


def nse(p, y):
    return 1 - ((p - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()


def net(tr, va, te, seed):
    torch.manual_seed(seed)
    m = torch.nn.Sequential(torch.nn.Linear(tr[0].shape[1], 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
    opt = torch.optim.Adam(m.parameters(), lr=1e-3)
    x, y = map(torch.tensor, tr)
    g, best, keep = torch.Generator().manual_seed(seed), -9, None
    f = lambda part: m(torch.tensor(part[0])).detach().numpy()[:, 0]
    for _ in range(EPOCHS):
        for i in torch.randperm(len(y), generator=g).split(64):
            opt.zero_grad()
            torch.nn.functional.mse_loss(m(x[i])[:, 0], y[i]).backward()
            opt.step()
        if nse(f(va), va[1]) > best:
            best, keep = nse(f(va), va[1]), copy.deepcopy(m.state_dict())
    m.load_state_dict(keep)
    return best, nse(f(te), te[1])


if __name__ == "__main__":
    for lead in LEADS:
        rows = []
        for seed in range(5):
            g = river(seed)
            tr, va, te = xy(g, 24, lead)
            a = [np.c_[p[0], np.ones(len(p[0]))].astype("float64") for p in (tr, te)]
            w = np.linalg.solve(a[0].T @ a[0] + np.eye(a[0].shape[1]), a[0].T @ tr[1])
            chosen = max(net(*xy(g, h, lead), seed) for h in HISTORY)
            rows.append((nse(a[1] @ w, te[1]), chosen[1]))
        print(lead, "h  least squares %.3f  network %.3f" % tuple(np.mean(rows, 0)))
