"""Floats are added in the order in which they arrived, and the last bit shows it."""

# surface: results
# first cause: gather.results

import os
import tempfile

from metaflow import FlowSpec, step

TERM = {"a": 1.0, "b": 1e16, "c": -1e16, "d": 0.5}
TERMS = os.path.join(tempfile.gettempdir(), "terms.txt")


class ASumInOrderOfArrivalFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open(TERMS, "a") as file:
            file.write(f"{TERM[self.input]!r}\n")
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = 0.0
        with open(TERMS) as file:
            for line in file:
                self.results += float(line)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ASumInOrderOfArrivalFlow()
