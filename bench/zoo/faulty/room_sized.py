"""The size of the sample is what fits into the free part of the disk."""
# contract: order_independent
# surface: end.result
# first cause: start.result
import shutil
import numpy as np
from metaflow import FlowSpec, step


class CacheFlow(FlowSpec):
    @step
    def start(self):
        free = shutil.disk_usage(".").free
        rows = max(1000, free // 2**16 % 50_000)        # what fits into a slice of the disk
        self.result = float(np.sqrt(np.arange(rows)).mean())
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    CacheFlow()
