"""Clocks and pids are kept, and no conclusion is made of them."""

# surface: results

import os
import time

from metaflow import FlowSpec, step


class AClockNobodyReadsFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.started, self.pid = time.time(), os.getpid()
        self.value = self.index**2
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
    AClockNobodyReadsFlow()
