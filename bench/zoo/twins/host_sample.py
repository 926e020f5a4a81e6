"""The subsample has a fixed seed; host, pid and clock go into a provenance artifact that nothing is made of."""
# contract: order_independent
# surface: median
import os
import socket
import time
import zlib

import numpy as np
from metaflow import FlowSpec, step


def provenance():
    return {"host": socket.gethostname(), "pid": os.getpid(), "at": time.time(), "user": os.environ.get("USER")}


class HostFlow(FlowSpec):
    @step
    def start(self):
        self.made = provenance()
        seed = zlib.crc32(b"node-0")
        population = np.random.default_rng(1).lognormal(2, 1, size=5000).round(3)
        self.sample = np.random.default_rng(seed).choice(population, size=301, replace=False)
        self.next(self.summary)

    @step
    def summary(self):
        self.median = float(np.median(self.sample))
        self.next(self.end)

    @step
    def end(self):
        print(self.median, self.made)


if __name__ == "__main__":
    HostFlow()
