"""The free part of the disk is only checked to be there."""
# contract: order_independent
# surface: end.result
import shutil
import numpy as np
from metaflow import FlowSpec, step


class CacheFlow(FlowSpec):
    @step
    def start(self):
        free = shutil.disk_usage(".").free
        if free < 2**20:
            raise RuntimeError("disk full")
        self.result = float(np.sqrt(np.arange(1000)).mean())
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    CacheFlow()
