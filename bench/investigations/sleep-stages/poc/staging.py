# mlp staging with k neighbours on each side.  staging.py --cohorts 5 --verbose
import argparse

import numpy as np
import torch
from nights import cohort, stack
from sklearn.metrics import cohen_kappa_score

p = argparse.ArgumentParser()
p.add_argument("--cohorts", type=int, default=5)
p.add_argument("--epochs", type=int, default=30)
p.add_argument("--verbose", action="store_true")
a = p.parse_args()


def kappa(net, x, y):
    with torch.no_grad():
        return cohen_kappa_score(y, net(torch.tensor(x)).argmax(1).numpy())


def run(seed, k):
    c = cohort(seed)
    x, y = stack(c[:12], k)
    xv, yv = stack(c[12:16], k)
    xt, yt = stack(c[16:], k)
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(8 * (2 * k + 1), 64), torch.nn.ReLU(), torch.nn.Linear(64, 5))
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    g = torch.Generator().manual_seed(seed)
    tx, ty = torch.tensor(x), torch.tensor(y)
    for ep in range(a.epochs):
        for i in torch.randperm(len(y), generator=g).split(128):
            opt.zero_grad()
            torch.nn.functional.cross_entropy(net(tx[i]), ty[i]).backward()
            opt.step()
        if a.verbose:
            print("  epoch %2d val kappa %.3f" % (ep, kappa(net, xv, yv)))
    return kappa(net, xt, yt)


if __name__ == "__main__":
    res = np.array([[run(s, 0), run(s, 3)] for s in range(a.cohorts)])
    print(res.round(3))
    print("single %.3f wide %.3f lift %+.3f" % (*res.mean(0), (res[:, 1] - res[:, 0]).mean()))
