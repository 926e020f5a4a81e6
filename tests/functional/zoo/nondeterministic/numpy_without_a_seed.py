"""A NumPy generator nobody seeded, in a helper."""

# surface: results
# first cause: work.data

import numpy as np
from metaflow import FlowSpec, step


def sample(size):
    return np.random.default_rng().normal(size=size)


class NumpyWithoutASeedFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.data = sample(8)
        self.value = float(self.data.mean())
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NumpyWithoutASeedFlow()
