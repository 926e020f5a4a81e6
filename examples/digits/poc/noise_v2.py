"""Second look: noise on training labels only, several seeds, shuffled batches."""

import json

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

EPOCHS = 20


def make_data(n_train, noise, seed):
    x, y = load_digits(return_X_y=True)
    x = x.astype("float32") / 16
    order = np.random.default_rng(10_000 + seed).permutation(len(y))
    xtr, ytr, xte, yte = x[order[:n_train]], y[order[:n_train]].copy(), x[order[1297:]], y[order[1297:]]
    rng = np.random.default_rng(20_000 + seed)
    wrong = rng.random(n_train) < noise
    shift = rng.integers(1, 10, n_train)
    ytr[wrong] = (ytr[wrong] + shift[wrong]) % 10
    return xtr, ytr, xte, yte


def train(x, y, seed, epochs=EPOCHS):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    x, y = torch.tensor(x), torch.tensor(y)
    g = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(y), generator=g).split(64):
            opt.zero_grad()
            torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            opt.step()
    return net


def acc(scores, y):
    return float((scores.argmax(1) == y).mean())


if __name__ == "__main__":
    with open("results_v2.jsonl", "w") as file:
        for noise in (0.0, 0.3):
            for seed in range(2):
                xtr, ytr, xte, yte = make_data(1000, noise, seed)
                mlp = acc(train(xtr, ytr, seed)(torch.tensor(xte)).detach().numpy(), yte)
                base = acc(LogisticRegression(max_iter=500).fit(xtr, ytr).predict_proba(xte), yte)
                file.write(json.dumps({"noise": noise, "seed": seed, "mlp": mlp, "logreg": base}) + "\n")
