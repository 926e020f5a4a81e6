"""Each task appends its block by one write to a file opened with O_APPEND, and the reader's sums know no order."""
# contract: order_independent
# surface: join.n_values, join.checksum

import os
import tempfile

import numpy as np
from metaflow import FlowSpec, step


def store():
    return os.path.join(tempfile.gettempdir(), "embeddings.bin")


class StatOffset(FlowSpec):
    @step
    def start(self):
        open(store(), "wb").close()
        self.batches = [20, 30, 40]
        self.next(self.embed, foreach="batches")

    @step
    def embed(self):
        values = np.random.default_rng(self.input).integers(0, 1000, size=self.input)
        block = values.astype("<i8").tobytes()
        fd = os.open(store(), os.O_WRONLY | os.O_APPEND)
        os.write(fd, block)
        os.close(fd)
        self.next(self.join)

    @step
    def join(self, inputs):
        values = np.fromfile(store(), dtype="<i8")
        self.n_values = int(values.size)
        self.checksum = int(values.sum())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    StatOffset()
