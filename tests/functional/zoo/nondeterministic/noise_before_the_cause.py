"""A clock differs first, and no conclusion is made of it; the set comes later."""

# surface: results
# first cause: work.order

import os
import time

from metaflow import FlowSpec, step


class NoiseBeforeTheCauseFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.started = time.time()
        self.host = os.getpid()
        self.order = list({"auc", "f1", "loss", "accuracy", "recall"})
        self.value = "-".join(self.order)
        self.took = time.time() - self.started
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NoiseBeforeTheCauseFlow()
