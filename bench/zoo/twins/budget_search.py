"""The search is seeded and stops after a number of trials; the clock is read only for the log and an artifact off the surface."""
# contract: order_independent
# surface: best
import time

import numpy as np
from metaflow import FlowSpec, step

BUDGET = 0.15
TRIALS = 4000


def loss(x):
    return float(((x - 0.3) ** 2).sum() + 0.1 * np.cos(8 * x).sum())


class BudgetFlow(FlowSpec):
    @step
    def start(self):
        self.dim = 300
        self.next(self.tune)

    @step
    def tune(self):
        rng = np.random.default_rng(17)
        x = rng.normal(size=self.dim)
        value, width, trials = loss(x), 1.0, 0
        began = time.perf_counter()
        while trials < TRIALS:
            candidate = x + width * rng.normal(size=self.dim)
            score = loss(candidate)
            if score < value:
                x, value, width = candidate, score, width * 1.3
            else:
                width = max(width * 0.97, 1e-4)
            trials += 1
        self.seconds = time.perf_counter() - began
        if self.seconds > BUDGET * 4:
            print("slow machine", self.seconds)
        self.best = {"loss": value, "x": x}
        self.next(self.end)

    @step
    def end(self):
        print(self.best["loss"], self.seconds)


if __name__ == "__main__":
    BudgetFlow()
