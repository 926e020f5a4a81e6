"""All shards write their Gram matrix to a slab of their own in one memory-mapped array, summed in the join."""
# contract: order_independent
# surface: join.gram

import os
import tempfile

import numpy as np
from metaflow import FlowSpec, step

N = 4


def target():
    return os.path.join(tempfile.gettempdir(), "gram.npy")


class MemmapGram(FlowSpec):
    @step
    def start(self):
        mm = np.lib.format.open_memmap(target(), mode="w+", dtype=np.int64, shape=(N, 5, 5))
        mm[:] = 0
        mm.flush()
        self.shards = list(range(N))
        self.next(self.accumulate, foreach="shards")

    @step
    def accumulate(self):
        rng = np.random.default_rng(self.input)
        x = rng.integers(-5, 6, size=(400, 5))
        mm = np.load(target(), mmap_mode="r+")
        slab = mm[self.input]
        gram = np.array(slab)
        for chunk in np.array_split(x, 4):
            gram += chunk.T @ chunk
        slab[:] = gram
        mm.flush()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.gram = np.load(target()).sum(axis=0).tolist()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MemmapGram()
