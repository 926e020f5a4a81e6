"""Tasks claim one of two device folders; who comes too late fails, is caught, and left out of the mean."""
# contract: order_independent
# surface: mean_score, n_failed
# first cause: fit.device
import shutil
from pathlib import Path

import numpy as np
from metaflow import FlowSpec, catch, step

DEVICES = Path("devices")


def claim(index):
    for name in ("gpu0", "gpu1", "gpu2"):
        try:
            (DEVICES / name).mkdir()
            return name
        except FileExistsError:
            continue
    raise RuntimeError("no free device")


class ClaimFlow(FlowSpec):
    @step
    def start(self):
        shutil.rmtree(DEVICES, ignore_errors=True)
        DEVICES.mkdir()
        self.datasets = [0, 1, 2, 3]
        self.next(self.fit, foreach="datasets")

    @catch(var="failure", print_exception=False)
    @step
    def fit(self):
        self.device = claim(self.input)
        x = np.random.default_rng(self.input).normal(self.input, 1, size=50)
        self.score = float(np.mean(x) / x.std())
        self.next(self.join)

    @step
    def join(self, inputs):
        scores = [t.score for t in inputs if not t.failure]
        self.n_failed = sum(1 for t in inputs if t.failure)
        self.mean_score = round(sum(scores) / len(scores), 6)
        self.next(self.end)

    @step
    def end(self):
        print(self.mean_score, self.n_failed)


if __name__ == "__main__":
    ClaimFlow()
