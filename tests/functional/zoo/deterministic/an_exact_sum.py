"""Floats that arrive in any order are added exactly."""

# surface: results

import math
import os
import tempfile

from metaflow import FlowSpec, step

TERM = {"a": 1.0, "b": 1e16, "c": -1e16, "d": 0.5}
TERMS = os.path.join(tempfile.gettempdir(), "terms.txt")


class AnExactSumFlow(FlowSpec):
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
        with open(TERMS) as file:
            self.results = math.fsum(float(line) for line in file)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AnExactSumFlow()
