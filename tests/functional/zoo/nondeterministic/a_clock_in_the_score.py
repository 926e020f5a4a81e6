"""Throughput by the clock is a conclusion."""

# surface: results
# first cause: work.value

import time

from metaflow import FlowSpec, step


class AClockInTheScoreFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        began = time.perf_counter()
        total = sum(range(10_000))
        self.value = total / (time.perf_counter() - began)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AClockInTheScoreFlow()
