"""Fine: the first attempt always gives up and the retry fits the full model, however large a share of a core it gets."""
# contract: order_independent
# surface: models, coef
import time

import numpy as np
from metaflow import FlowSpec, current, retry, step


class StarvedFallback(FlowSpec):
    @step
    def start(self):
        self.folds = [0, 1, 2, 3, 4]
        self.next(self.fit, foreach="folds")

    @retry(times=2, minutes_between_retries=0)
    @step
    def fit(self):
        rng = np.random.default_rng(self.input)
        x = rng.normal(size=(400, 12))
        y = x @ np.arange(12) + rng.normal(size=400)
        wall, cpu = time.perf_counter(), time.thread_time()
        rows = x.tolist()
        pairs = [0.0] * 12
        while time.thread_time() - cpu < 0.15:  # a bit of the real work, as a probe
            for row in rows:
                for k, value in enumerate(row):
                    pairs[k] += value * value
        share = (time.thread_time() - cpu) / (time.perf_counter() - wall)
        print("share of a core:", share)
        if current.retry_count == 0 and self.index == 1:
            raise RuntimeError("the probe is repeated once")
        self.model = "full"
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
