"""perceptron vs word vectors on fake forums"""
import argparse

import numpy as np
import torch
from sklearn.linear_model import Perceptron
from sklearn.metrics import average_precision_score as ap_score

p = argparse.ArgumentParser()
p.add_argument("-f", "--forums", type=int, default=6)
p.add_argument("-p", "--passes", type=int, default=4)
o = p.parse_args()
N, L, D = 8000, 12, 1024


def fake(seed):
    r = np.random.default_rng(seed)
    w = r.zipf(1.3, size=(N, L)) % D
    a, b = r.normal(0, 1, D), r.normal(0, 1, D)
    t = np.linspace(0, 1, N)[:, None]
    heat = ((1 - t) * a[w] + t * b[w]).mean(1)
    return w, (r.random(N) < 1 / (1 + np.exp(2 - 3 * heat))).astype(int)


def bag(w):
    m = np.zeros((len(w), D), "float32")
    for row, words in zip(m, w):
        np.add.at(row, words, 1)
    return m


def perceptron(w, y, wt, seed):
    clf, W, B, k = Perceptron(shuffle=False, random_state=seed), 0, 0, 0
    for _ in range(o.passes):
        for i in range(0, len(w), 200):
            clf.partial_fit(bag(w[i : i + 200]), y[i : i + 200], classes=[0, 1])
            W, B, k = W + clf.coef_[0], B + clf.intercept_[0], k + 1
    return bag(wt) @ (W / k) + B / k


def vectors(w, y, wt, seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.EmbeddingBag(D, 16, mode="mean"), torch.nn.Linear(16, 1))
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    w, y = torch.tensor(w), torch.tensor(y).float()
    g = torch.Generator().manual_seed(seed)
    for _ in range(o.passes):
        for i in torch.randperm(len(y), generator=g).split(100):
            opt.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(net(w[i]).squeeze(1), y[i]).backward()
            opt.step()
    return net(torch.tensor(wt)).squeeze(1).detach().numpy()


if __name__ == "__main__":
    rows = []
    for s in range(o.forums):
        w, y = fake(s)
        k = 3 * N // 4
        rows.append([ap_score(y[k:], m(w[:k], y[:k], w[k:], s)) for m in (perceptron, vectors)] + [y[k:].mean()])
        print(s, "perceptron %.3f vectors %.3f (chance %.3f)" % tuple(rows[-1]))
    m = np.mean(rows, 0)
    print("lead %.3f" % (m[1] - m[0]), m)
