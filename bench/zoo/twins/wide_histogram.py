"""Fine: the terminal only shortens the bars that are printed; the bins are fixed."""
# contract: order_independent
# surface: modes, bins
import shutil

import numpy as np
from metaflow import FlowSpec, step


class WideHistogram(FlowSpec):
    @step
    def start(self):
        self.sites = [1, 2, 3]
        self.next(self.profile, foreach="sites")

    @step
    def profile(self):
        rng = np.random.default_rng(self.input)
        values = np.concatenate([rng.normal(k, 0.4, 400) for k in range(self.input + 1)])
        width = shutil.get_terminal_size().columns - 20
        self.bins = 30
        counts, edges = np.histogram(values, bins=self.bins)
        for n, edge in zip(counts, edges):
            print(f"{edge:8.2f} {'#' * min(width, int(n // 8))}")
        inner = counts[1:-1]
        self.modes = int(((inner > counts[:-2]) & (inner >= counts[2:])).sum())
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.bins = inputs[0].bins
        self.modes = [i.modes for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.modes, self.bins)


if __name__ == "__main__":
    WideHistogram()
