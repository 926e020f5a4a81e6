"""The marker that the index is built is left at exit; a task that begins before the first one has ended builds it again."""
# contract: order_independent
# surface: built, cost
# first cause: collect.built
import atexit
import os
import tempfile
import time

import numpy as np
from metaflow import FlowSpec, step


def leave(path):
    fd = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.close(fd)


class AtexitMarker(FlowSpec):
    @step
    def start(self):
        self.folder = tempfile.mkdtemp(prefix="index-")
        self.queries = [3, 5, 7, 9]
        self.next(self.lookup, foreach="queries")

    @step
    def lookup(self):
        marker = os.path.join(self.folder, "complete")
        self.fresh = not os.access(marker, os.R_OK)
        data = np.random.default_rng(0).normal(size=(400, 6))
        if self.fresh:
            time.sleep(0.3)
            atexit.register(leave, marker)  # complete only once this process is through
        distance = np.abs(data - self.input).sum(1)
        self.nearest = int(distance.argmin())
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.merge_artifacts(inputs, exclude=["fresh", "nearest"])
        self.built = sum(i.fresh for i in inputs)
        self.cost = self.built * 400 + len(self.queries)
        for name in os.listdir(self.folder):
            os.remove(os.path.join(self.folder, name))
        os.rmdir(self.folder)
        self.next(self.end)

    @step
    def end(self):
        print(self.built, self.cost)


if __name__ == "__main__":
    AtexitMarker()
