"""Inner tasks of different outer ones share a file."""

# surface: aggregate.results
# first cause: train.rank

import os
import tempfile

from metaflow import FlowSpec, step


class AForeachInsideAForeachFlow(FlowSpec):
    @step
    def start(self):
        self.noises = [0.1, 0.5]
        self.next(self.data, foreach="noises")

    @step
    def data(self):
        self.noise = self.input
        self.methods = ["ce", "topk"]
        self.next(self.train, foreach="methods")

    @step
    def train(self):
        path = os.path.join(tempfile.gettempdir(), "done")
        with open(path, "a") as file:
            file.write(".")
        self.rank = os.path.getsize(path)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.ranks = [one.rank for one in inputs]
        self.next(self.aggregate)

    @step
    def aggregate(self, inputs):
        self.results = [one.ranks for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AForeachInsideAForeachFlow()
