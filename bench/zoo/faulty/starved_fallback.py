"""A fold that gets less than two thirds of a core falls back to the cheap model; alone it never does, four on two cores do."""
# contract: order_independent
# surface: models, coef
# first cause: fit.model
import time

import numpy as np
from metaflow import FlowSpec, step


class StarvedFallback(FlowSpec):
    @step
    def start(self):
        self.folds = [0, 1, 2, 3, 4]
        self.next(self.fit, foreach="folds")

    @step
    def fit(self):
        rng = np.random.default_rng(self.input)
        x = rng.normal(size=(400, 12))
        y = x @ np.arange(12) + rng.normal(size=400)
        wall, cpu = time.perf_counter(), time.thread_time()
        rows = x.tolist()
        pairs = [0.0] * 12
        while time.thread_time() - cpu < 0.35:  # a bit of the real work, as a probe
            for row in rows:
                for k, value in enumerate(row):
                    pairs[k] += value * value
        share = (time.thread_time() - cpu) / (time.perf_counter() - wall)
        self.model = "full" if share > 0.66 else "diagonal"
        if self.model == "full":
            self.w = np.linalg.lstsq(x, y, rcond=None)[0]
        else:
            self.w = (x * y[:, None]).sum(0) / (x * x).sum(0)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.models = [i.model for i in inputs]
        self.coef = np.mean([i.w for i in inputs], axis=0)
        self.next(self.end)

    @step
    def end(self):
        print(self.models, self.coef)


if __name__ == "__main__":
    StarvedFallback()
