"""Fine: the windows are measured and reported, but every fold is kept whoever it shared the machine with."""
# contract: order_independent
# surface: kept, mean_gap
import time

import numpy as np
from metaflow import FlowSpec, step


class IdleWindows(FlowSpec):
    @step
    def start(self):
        self.folds = [0, 1, 2, 3, 4]
        self.next(self.fit, foreach="folds")

    @step
    def fit(self):
        began = time.time()
        rng = np.random.default_rng(self.input)
        x = rng.normal(size=(300, 8))
        y = x @ np.arange(8) + rng.normal(size=300)
        for _ in range(40):
            coef = np.linalg.lstsq(x, y, rcond=None)[0]
            time.sleep(0.02)
        self.gap = float(np.abs(coef - np.arange(8)).mean())
        self.window = (began, time.time())
        self.fold = self.input
        self.next(self.collect)

    @step
    def collect(self, inputs):
        rows = [(i.fold, i.window, i.gap) for i in inputs]
        # in the order in which they began, then back in the order of folds
        rows.sort(key=lambda row: row[1])
        shared = [
            fold
            for fold, (a, b), _ in rows
            if any(other != fold and c < b and a < d for other, (c, d), _ in rows)
        ]
        print("shared the machine:", shared)
        rows.sort(key=lambda row: row[0])
        self.kept = [fold for fold, _, _ in rows]
        self.mean_gap = sum(gap for _, _, gap in rows) / len(rows)
        self.next(self.end)

    @step
    def end(self):
        print(self.kept, self.mean_gap)


if __name__ == "__main__":
    IdleWindows()
