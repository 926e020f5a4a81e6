"""Each task draws from a generator of its own index."""

# surface: results

import random

from metaflow import FlowSpec, step


class ASeedForEveryTaskFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = random.Random(self.index).random()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ASeedForEveryTaskFlow()
