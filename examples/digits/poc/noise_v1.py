"""First look: MLP against logistic regression on digits with wrong labels."""

import json

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

_EP = 15


def make_data(noise, seed):
    rng = np.random.default_rng(seed)
    x, y = load_digits(return_X_y=True)
    x = x.astype("float32") / 16
    wrong = rng.random(len(y)) < noise
    y = np.where(wrong, rng.integers(0, 10, len(y)), y)
    order = rng.permutation(len(y))
    return x[order[:1000]], y[order[:1000]], x[order[1000:]], y[order[1000:]]


def train_mlp(x, y, seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, y = torch.tensor(x), torch.tensor(y)
    for _ in range(_EP):
        for start in range(0, len(y), 64):
            opt.zero_grad()
            torch.nn.functional.cross_entropy(net(x[start : start + 64]), y[start : start + 64]).backward()
            opt.step()
    return net


def accuracy(net, x, y):
    return float((net(torch.tensor(x)).argmax(1).numpy() == y).mean())


if __name__ == "__main__":
    stats = {}
    for noise in (0.0, 0.3):
        xtr, ytr, xte, yte = make_data(noise, 0)
        net = train_mlp(xtr, ytr, 0)
        logreg = LogisticRegression(max_iter=500).fit(xtr, ytr)
        stats[str(noise)] = {"mlp": accuracy(net, xte, yte), "logreg": float(logreg.score(xte, yte))}
    with open("stats_v1.json", "w") as file:
        json.dump(stats, file, indent=1)
