"""Each worker has a ledger file of its own name, but all are hard links to one: what two of them read and write back at once is lost."""
# contract: order_independent
# surface: total, share
# first cause: collect.total
import os
import shutil
import time

import numpy as np
from metaflow import FlowSpec, step


class HardlinkLedger(FlowSpec):
    @step
    def start(self):
        self.folder = os.path.abspath("ledgers")
        os.makedirs(self.folder)
        first = os.path.join(self.folder, "base.txt")
        with open(first, "w") as f:
            f.write("0000000000")
        self.workers = [0, 1, 2, 3]
        for worker in self.workers:  # one empty ledger each, without copying it
            os.link(first, os.path.join(self.folder, f"worker-{worker}.txt"))
        self.next(self.count, foreach="workers")

    @step
    def count(self):
        rows = np.random.default_rng(self.input).poisson(50, size=200)
        with open(os.path.join(self.folder, f"worker-{self.input}.txt"), "r+") as f:
            so_far = int(f.read())
            for chunk in np.array_split(rows, 10):
                so_far += int(chunk.sum())
                time.sleep(0.05)
            f.seek(0)
            f.write(f"{so_far:010d}")
        self.mine = int(rows.sum())
        self.next(self.collect)

    @step
    def collect(self, inputs):
        with open(os.path.join(inputs[0].folder, "base.txt")) as f:
            self.total = int(f.read())
        self.share = [i.mine / self.total for i in inputs]
        shutil.rmtree(inputs[0].folder)
        self.next(self.end)

    @step
    def end(self):
        print(self.total, self.share)


if __name__ == "__main__":
    HardlinkLedger()
