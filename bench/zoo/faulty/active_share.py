"""Each task divides its memory budget by the number of siblings under way: the batch size, and with it the fit, follow the workers."""
# contract: order_independent
# surface: weights
# first cause: train.batch
import os
import time
from pathlib import Path

import numpy as np
from metaflow import FlowSpec, step

ACTIVE = Path("active")
BUDGET = 48


class ShareFlow(FlowSpec):
    @step
    def start(self):
        ACTIVE.mkdir(exist_ok=True)
        for stale in ACTIVE.iterdir():
            stale.unlink()
        self.lanes = [0, 1, 2, 3]
        self.next(self.train, foreach="lanes")

    @step
    def train(self):
        mark = ACTIVE / f"lane{self.input}"
        mark.touch()
        time.sleep(0.3)  # let the others register
        running = len(os.listdir(ACTIVE))
        print("running beside me:", running - 1)
        self.batch = BUDGET // running
        rng = np.random.default_rng([3, self.input])
        X = rng.normal(size=(96, 3))
        y = X @ [0.5, -1.0, 2.0] + 0.3 * rng.normal(size=96)
        w = np.zeros(3)
        for at in range(0, 96, self.batch):
            Xb, yb = X[at : at + self.batch], y[at : at + self.batch]
            w = w - 0.1 * (Xb.T @ (Xb @ w - yb)) / len(yb)
        self.w = w.round(5).tolist()
        mark.unlink()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.weights = [task.w for task in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.weights)


if __name__ == "__main__":
    ShareFlow()
