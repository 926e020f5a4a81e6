"""Timings that overlapped another task's are thrown out: with one worker none does, with four most do."""
# contract: order_independent
# surface: kept, mean_gap
# first cause: collect.kept
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
        # a fit that shared the machine with another one is no clean measurement
        clean = [
            (fold, gap)
            for fold, (a, b), gap in rows
            if not any(other != fold and c < b and a < d for other, (c, d), _ in rows)
        ]
        self.kept = [fold for fold, _ in clean]
        self.mean_gap = sum(gap for _, gap in clean) / len(clean) if clean else None
        self.next(self.end)

    @step
    def end(self):
        print(self.kept, self.mean_gap)


if __name__ == "__main__":
    IdleWindows()
