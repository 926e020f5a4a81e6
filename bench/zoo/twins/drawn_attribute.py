"""The attribute is seeded."""
# contract: order_independent
# surface: end.result
import numpy as np
from metaflow import FlowSpec, step


class ThresholdFlow(FlowSpec):
    @step
    def start(self):
        from net import Classifier
        rng = np.random.default_rng(0)
        scores = np.linspace(0, 1, 50)
        threshold = float(np.mean([np.quantile(rng.choice(scores, 50), 0.7) for _ in range(20)]))
        self.result = Classifier(threshold)
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result.threshold)


if __name__ == "__main__":
    ThresholdFlow()
