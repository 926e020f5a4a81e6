"""A module whose weights are equal, with a plain attribute that was drawn."""
# contract: order_independent
# surface: end.result
# first cause: start.result
import numpy as np
from metaflow import FlowSpec, step


class ThresholdFlow(FlowSpec):
    @step
    def start(self):
        from net import Classifier
        rng = np.random.default_rng()
        scores = np.linspace(0, 1, 50)
        threshold = float(np.mean([np.quantile(rng.choice(scores, 50), 0.7) for _ in range(20)]))
        self.result = Classifier(threshold)
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result.threshold)


if __name__ == "__main__":
    ThresholdFlow()
