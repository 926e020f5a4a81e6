"""The value is inside an object of a class of the flow's file."""

# surface: results
# first cause: work.value

import random

from metaflow import FlowSpec, step


class Fit:
    def __init__(self, state):
        self.state = state


class AClassWithoutASeedFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = Fit({"weights": [0.5, random.random()]})
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AClassWithoutASeedFlow()
