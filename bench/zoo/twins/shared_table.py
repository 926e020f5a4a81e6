"""Fine: who cannot make the shared block under one name takes the next; every task works on a block of its own."""
# contract: order_independent
# surface: makers, seeds
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
        for attempt in range(100):
            name = f"table-{current.run_id}-{attempt}"
            try:
                block = shared_memory.SharedMemory(name=name, create=True, size=8 * 1000)
                break
            except FileExistsError:
                continue
        self.made = True
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
