"""second try: three loads, sessions, error in mm"""
import argparse

import numpy as np
import torch

ap = argparse.ArgumentParser()
ap.add_argument("--seeds", type=int, default=6)
ap.add_argument("--epochs", type=int, default=40)
args = ap.parse_args()


def session(n, load, rng):
    wear = rng.uniform(0, 2.0, n)
    b = np.arange(24)[None]
    e = np.exp(-0.5 * ((b - 4) / 1.5) ** 2) * load
    e = e + np.exp(-0.5 * ((b - 11 - 2 * wear[:, None]) / 2) ** 2) * np.sqrt(wear)[:, None]
    return np.log(e + rng.gamma(2.0, 0.05, (n, 24))).astype("float32"), wear.astype("float32")


def rmse(p, y):
    return float(np.sqrt(((p - y) ** 2).mean()))


for load in (0.5, 1.0, 2.0):
    out = []
    for seed in range(args.seeds):
        X, Y = session(600, load, np.random.default_rng(seed))
        XV, YV = session(200, load, np.random.default_rng(1000 + seed))
        XT, YT = session(400, load, np.random.default_rng(2000 + seed))
        mu, sd = X.mean(0), X.std(0)
        X, XV, XT = (X - mu) / sd, (XV - mu) / sd, (XT - mu) / sd
        A = np.c_[X, np.ones(len(X))].astype("float64")
        w = np.linalg.solve(A.T @ A + np.diag([1.0] * 24 + [0.0]), A.T @ Y)
        torch.manual_seed(seed)
        net = torch.nn.Sequential(torch.nn.Linear(24, 48), torch.nn.ReLU(), torch.nn.Linear(48, 1))
        opt = torch.optim.Adam(net.parameters(), lr=3e-3)
        tx, ty = torch.tensor(X), torch.tensor(Y)
        g = torch.Generator().manual_seed(seed)
        for _ in range(args.epochs):
            for i in torch.randperm(600, generator=g).split(32):
                opt.zero_grad()
                ((net(tx[i])[:, 0] - ty[i]) ** 2).mean().backward()
                opt.step()
        with torch.no_grad():
            pn, pv = net(torch.tensor(XT)).numpy()[:, 0], net(torch.tensor(XV)).numpy()[:, 0]
        out.append((rmse(XT @ w[:-1] + w[-1], YT), rmse(pn, YT), rmse(pv, YV)))
    r, n, v = np.mean(out, axis=0)
    print(f"load {load}: ridge {r:.3f} net {n:.3f} (val {v:.3f}) gain {r - n:.3f} mm")
