"""Whoever finds no shared block makes the table, the others attach to it; the block goes with the task, so the number of makers depends on overlap."""
# contract: order_independent
# surface: makers, seeds
# first cause: collect.makers
import time
from multiprocessing import shared_memory

import numpy as np
from metaflow import FlowSpec, current, step


class SharedTable(FlowSpec):
    @step
    def start(self):
        self.shards = [0, 1, 2, 3]
        self.next(self.score, foreach="shards")

    @step
    def score(self):
        name = f"table-{current.run_id}"
        try:
            block = shared_memory.SharedMemory(name=name, create=True, size=8 * 1000)
            self.made = True
        except FileExistsError:
            self.made = False
            block = None
        self.seed = 0 if self.made else 1
        rng = np.random.default_rng(self.seed)
        local = rng.normal(size=1000)
        if block is not None:
            table = np.frombuffer(block.buf, dtype=float, count=1000).copy()
            table += local
            time.sleep(1.0)  # scoring against the table
            block.close()
            block.unlink()
        self.value = float(local.sum())
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.makers = sum(i.made for i in inputs)
        self.seeds = sorted(i.seed for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.makers, self.seeds)


if __name__ == "__main__":
    SharedTable()
