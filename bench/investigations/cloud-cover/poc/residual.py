# cover against change of cover, same training for both
import sys

import numpy as np
import torch
from direct import L, W, record, win

SEEDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3


def fit(x, y, seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(W, 24), torch.nn.Tanh(), torch.nn.Linear(24, 1))
    opt = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    g = torch.Generator().manual_seed(seed)
    for _ in range(15):
        for i in torch.randperm(len(y), generator=g).split(64):
            opt.zero_grad()
            ((net(x[i])[:, 0] - y[i]) ** 2).mean().backward()
            opt.step()
    return net


def main():
    skills = []
    for st in range(6):
        x, y = win(record(st))
        n = int(0.75 * len(y))
        a, ya, b, yb = x[: n - W - L], y[: n - W - L], x[n:], y[n:]
        pers = (b[:, -1] - yb).abs().mean().item()
        d = r = 0
        for s in range(SEEDS):
            d += (fit(a, ya, s)(b)[:, 0] - yb).abs().mean().item() / SEEDS
            r += (b[:, -1] + fit(a, ya - a[:, -1], s)(b)[:, 0] - yb).abs().mean().item() / SEEDS
        skills.append((1 - d / pers, 1 - r / pers))
        print(st, "direct %.3f residual %.3f" % skills[-1])
    print("mean", np.mean(skills, 0))


if __name__ == "__main__":
    main()
