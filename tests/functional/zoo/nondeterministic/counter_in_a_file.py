"""A counter that siblings read, raise and write back gives each its number."""

# surface: results
# first cause: work.value

import tempfile
from pathlib import Path

from metaflow import FlowSpec, step

COUNTER = Path(tempfile.gettempdir(), "counter")


class CounterInAFileFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        count = int(COUNTER.read_text()) if COUNTER.exists() else 0
        COUNTER.write_text(str(count + 1))
        self.value = (self.input, count)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    CounterInAFileFlow()
