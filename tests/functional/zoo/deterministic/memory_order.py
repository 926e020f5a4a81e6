"""An array's memory order hangs on who came first; its value does not."""

# surface: results

import os
import tempfile

import numpy as np
from metaflow import FlowSpec, step


class MemoryOrderFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        path = os.path.join(tempfile.gettempdir(), "first")
        first = not os.path.exists(path)
        open(path, "a").close()
        self.value = np.asfortranarray(np.eye(3)) if first else np.eye(3)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MemoryOrderFlow()
