"""The cached function has a generator of its own."""
# contract: order_independent
# surface: end.result
import numpy as np
from joblib import Memory
from metaflow import FlowSpec, step


class CachedFlow(FlowSpec):
    @step
    def start(self):
        from prep import load
        np.random.seed(0)
        X = Memory(".cache", verbose=0).cache(load)()
        order = np.random.permutation(1000)
        self.result = float(X[order[:200]].mean())
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    CachedFlow()
