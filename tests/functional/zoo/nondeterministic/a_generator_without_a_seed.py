"""A generator nobody seeded."""

# surface: results
# first cause: work.noise

import random

from metaflow import FlowSpec, step


class AGeneratorWithoutASeedFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.noise = random.random()
        self.value = round(self.noise, 12)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AGeneratorWithoutASeedFlow()
