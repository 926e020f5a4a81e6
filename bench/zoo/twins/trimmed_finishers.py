"""Fine: the shards with the lowest and the highest loss are dropped, not the first and the last to finish."""
# contract: order_independent
# surface: collect.used, score
import time

import numpy as np
from metaflow import FlowSpec, step


class TrimmedFinishers(FlowSpec):
    @step
    def start(self):
        self.shards = [40, 30, 20, 10, 5]
        self.next(self.fit, foreach="shards")

    @step
    def fit(self):
        rng = np.random.default_rng(self.input)
        x = rng.normal(size=(200, 5))
        w = np.zeros(5)
        for _ in range(self.input):  # more epochs for the larger shards
            w += 0.001 * x.T @ (x @ np.ones(5) - x @ w)
            time.sleep(0.08)
        self.loss = float(((w - 1) ** 2).sum())
        self.shard = self.input
        self.done = time.time()
        self.next(self.collect)

    @step
    def collect(self, inputs):
        by_loss = sorted(sorted(inputs, key=lambda i: i.done), key=lambda i: (i.loss, i.shard))
        middle = by_loss[1:-1]
        self.used = sorted(i.shard for i in middle)
        self.score = float(np.mean(sorted(i.loss for i in middle)))
        self.next(self.end)

    @step
    def end(self):
        print(self.used, self.score)


if __name__ == "__main__":
    TrimmedFinishers()
