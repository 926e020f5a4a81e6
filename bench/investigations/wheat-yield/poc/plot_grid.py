# grid.tsv -> grid.png
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

STYLE = {"lin_val": "b--", "lin_test": "b-", "ker_val": "r--", "ker_test": "r-"}


def main(path="grid.tsv"):
    with open(path) as f:
        head = f.readline().split()
        rows = np.array([[float(v) for v in line.split()] for line in f if not line.startswith("#")])
    fig, ax = plt.subplots(figsize=(5, 3.5))
    for name, column in zip(head[1:], rows.T[1:]):
        ax.semilogx(rows[:, 0], column, STYLE[name], label=name.replace("_", ", "))
    # every point is drawn and none is marked
    ax.set_xlabel("penalty")
    ax.set_ylim(bottom=0)
    ax.set_ylabel("rmse in t/ha")
    ax.legend(frameon=False)
    fig.tight_layout()
    fig.savefig(path.replace(".tsv", ".png"), dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])
