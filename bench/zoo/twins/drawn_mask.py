"""The mask is seeded."""
# contract: order_independent
# surface: end.result
import numpy as np
from metaflow import FlowSpec, step


class MaskFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(3)
        scores = np.round(np.linspace(0.1, 0.9, 24), 3)
        outlier = rng.random(24) < 0.4          # dropped by a bootstrap test
        self.result = np.ma.masked_array(scores, mask=outlier)
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    MaskFlow()
