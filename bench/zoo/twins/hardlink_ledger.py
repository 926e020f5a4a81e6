"""Fine: the ledgers are hard links to one file, but it is changed under a lock that is made by link() and asked for again and again."""
# contract: order_independent
# surface: total, share
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
        open(os.path.join(self.folder, "token"), "w").close()
        self.workers = [0, 1, 2, 3]
        for worker in self.workers:  # one empty ledger each, without copying it
            os.link(first, os.path.join(self.folder, f"worker-{worker}.txt"))
        self.next(self.count, foreach="workers")

    @step
    def count(self):
        rows = np.random.default_rng(self.input).poisson(50, size=200)
        lock = os.path.join(self.folder, "lock")
        deadline = time.monotonic() + 90
        while True:
            try:
                os.link(os.path.join(self.folder, "token"), lock)
                break
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise TimeoutError("the ledger has been locked for 90 s")
                time.sleep(0.02)
        with open(os.path.join(self.folder, f"worker-{self.input}.txt"), "r+") as f:
            so_far = int(f.read())
            for chunk in np.array_split(rows, 10):
                so_far += int(chunk.sum())
                time.sleep(0.01)
            f.seek(0)
            f.write(f"{so_far:010d}")
        os.unlink(lock)
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
