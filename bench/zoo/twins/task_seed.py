"""The bootstrap is seeded with crc32 of the step's name; the task's id and path are kept only as provenance."""
# contract: order_independent
# surface: intervals
import zlib

import numpy as np
from metaflow import FlowSpec, current, step


def interval(values, seed):
    rng = np.random.default_rng(seed)
    means = [rng.choice(values, size=len(values)).mean() for _ in range(200)]
    return tuple(round(float(q), 4) for q in np.quantile(means, [0.05, 0.95]))


def seed():
    return 1000 + zlib.crc32(current.step_name.encode())


class TaskSeedFlow(FlowSpec):
    @step
    def start(self):
        self.values = np.random.default_rng(4).gamma(2, 3, size=80)
        self.next(self.fit_linear, self.fit_tree)

    @step
    def fit_linear(self):
        self.residuals = self.values - self.values.mean()
        self.next(self.boot_linear)

    @step
    def boot_linear(self):
        self.made_by = current.pathspec
        self.interval = interval(self.residuals, seed())
        self.next(self.join)

    @step
    def fit_tree(self):
        self.residuals = self.values - np.median(self.values)
        self.next(self.prune_tree)

    @step
    def prune_tree(self):
        self.residuals = np.clip(self.residuals, -8, 8)
        self.next(self.boot_tree)

    @step
    def boot_tree(self):
        self.made_by = current.pathspec
        self.interval = interval(self.residuals, seed())
        self.next(self.join)

    @step
    def join(self, inputs):
        self.made_by = [i.made_by for i in inputs]
        self.intervals = {"linear": inputs.boot_linear.interval, "tree": inputs.boot_tree.interval}
        self.next(self.end)

    @step
    def end(self):
        print(self.intervals, self.made_by)


if __name__ == "__main__":
    TaskSeedFlow()
