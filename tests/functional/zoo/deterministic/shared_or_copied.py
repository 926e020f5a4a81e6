"""One object twice, or two that are equal."""

# surface: results

import os
import tempfile

from metaflow import FlowSpec, step


class SharedOrCopiedFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        path = os.path.join(tempfile.gettempdir(), "first")
        row = [self.index]
        self.value = [row, row] if os.path.exists(path) else [row, list(row)]
        open(path, "a").close()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SharedOrCopiedFlow()
