"""All write their best score to one place; the join reads what is left."""

# surface: results
# first cause: gather.results

import os
import tempfile

from metaflow import FlowSpec, step

BEST = os.path.join(tempfile.gettempdir(), "best.txt")


class LastWriterWinsFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open(BEST, "w") as file:
            file.write(self.input * 3)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        with open(BEST) as file:
            self.results = file.read()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LastWriterWinsFlow()
