"""The seed is the process id."""

# surface: results
# first cause: work.value

import os
import random

from metaflow import FlowSpec, step


class AProcessIdFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = random.Random(os.getpid()).random()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AProcessIdFlow()
