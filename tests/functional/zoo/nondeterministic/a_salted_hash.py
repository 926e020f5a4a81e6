"""A seed from hash()."""

# surface: results
# first cause: work.seed

import random

from metaflow import FlowSpec, step


class ASaltedHashFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.seed = hash(self.input) % 1000
        self.value = random.Random(self.seed).random()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ASaltedHashFlow()
