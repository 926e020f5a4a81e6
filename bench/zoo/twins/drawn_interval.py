"""The interval is seeded."""
# contract: order_independent
# surface: end.result
import numpy as np
from metaflow import FlowSpec, step


class IntervalFlow(FlowSpec):
    @step
    def start(self):
        from scores import Score
        hits = np.array([1] * 42 + [0] * 8)
        rng = np.random.default_rng(1)
        means = [float(rng.choice(hits, 50).mean()) for _ in range(200)]
        self.result = Score(0.84, (float(np.quantile(means, 0.03)), float(np.std(means))))
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result, self.result.interval)


if __name__ == "__main__":
    IntervalFlow()
