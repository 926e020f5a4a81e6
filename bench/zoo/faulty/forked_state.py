"""Workers of a forked pool draw from numpy's global state, whoever gets which item."""
# contract: order_independent
# surface: end.result
# first cause: start.result
import multiprocessing
import numpy as np
from metaflow import FlowSpec, step

def boot(i):
    sample = np.random.choice(np.arange(200_000.0), 200_000)
    return float(sample.mean()) + i


class BootFlow(FlowSpec):
    @step
    def start(self):
        np.random.seed(0)
        with multiprocessing.get_context("fork").Pool(3) as pool:
            self.result = pool.map(boot, range(9), chunksize=1)
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    BootFlow()
