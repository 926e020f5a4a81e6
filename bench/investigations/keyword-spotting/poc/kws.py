"""tcn or gru on fake keywords.  kws.py --snr 0 5 15"""
import argparse

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

p = argparse.ArgumentParser()
p.add_argument("--snr", type=float, nargs="+", default=[15, 5, 0])
p.add_argument("--seeds", type=int, default=4)
p.add_argument("--ep", type=int, default=12)
a = p.parse_args()
# go, stop, left, right: low formant from/to, high formant from/to
W = np.array([[2, 7, 5, 9], [7, 2, 9, 5], [3, 3, 6, 10], [3, 6, 8, 8]], float)


def gen(n, snr, seed):
    r = np.random.default_rng(seed)
    y = r.integers(0, 4, n)
    on, ln = r.uniform(0, 0.3, n), r.uniform(0.5, 0.7, n)
    t = (np.linspace(0, 1, 25) - on[:, None]) / ln[:, None]
    e = 0
    for i in (0, 2):
        c = W[y, i][:, None] + (W[y, i + 1] - W[y, i])[:, None] * t.clip(0, 1)
        e = e + ((t >= 0) & (t <= 1))[..., None] * np.exp(-0.5 * (np.arange(12) - c[..., None]) ** 2)
    e = np.log(e + r.exponential(10 ** (-snr / 20), e.shape) + 1e-3)
    return torch.tensor(e, dtype=torch.float32), torch.tensor(y)


class T(nn.Module):
    def __init__(s):
        super().__init__()
        s.c1, s.c2 = nn.Conv1d(12, 32, 3, padding=1), nn.Conv1d(32, 32, 3, padding=2, dilation=2)
        s.o = nn.Linear(32, 4)

    def forward(s, x):
        return s.o(F.relu(s.c2(F.relu(s.c1(x.transpose(1, 2))))).mean(2))


class G(nn.Module):
    def __init__(s):
        super().__init__()
        s.g, s.o = nn.GRU(12, 32, batch_first=True), nn.Linear(32, 4)

    def forward(s, x):
        return s.o(s.g(x)[0].mean(1))


def fit(cls, x, y, seed, clip=None):
    torch.manual_seed(seed)
    net = cls()
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    for ep in range(a.ep):
        order = torch.tensor(np.random.default_rng((seed, ep)).permutation(len(y)))
        for i in order.split(50):
            opt.zero_grad()
            F.cross_entropy(net(x[i]), y[i]).backward()
            if clip:
                nn.utils.clip_grad_norm_(net.parameters(), clip)
            opt.step()
    return net


for snr in a.snr:
    res = []
    for s in range(a.seeds):
        x, y = gen(800, snr, s)
        xt, yt = gen(800, snr, 70000 + s)
        res.append([(m(xt).argmax(1) == yt).float().mean().item() for m in (fit(T, x, y, s), fit(G, x, y, s, clip=1.0))])
    t, g = np.mean(res, 0)
    print(f"{snr} dB  tcn {t:.3f}  gru {g:.3f}  lift {g - t:+.3f}")
