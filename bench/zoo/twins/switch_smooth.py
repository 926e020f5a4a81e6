"""A switch inside a foreach ends in the join: its inputs are sorted by month before the smoothing."""
# contract: single_worker
# surface: level
import numpy as np
from metaflow import FlowSpec, step


class SwitchFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(8)
        self.series = [(m, rng.normal(10 + m, 1, size=12).round(3).tolist()) for m in range(5)]
        self.next(self.route, foreach="series")

    @step
    def route(self):
        self.month, self.values = self.input
        self.kind = "trend" if self.month % 2 else "flat"
        self.next({"flat": self.flat, "trend": self.trend}, condition="kind")

    @step
    def flat(self):
        self.forecast = float(np.mean(self.values))
        self.next(self.join)

    @step
    def trend(self):
        slope, offset = np.polyfit(range(12), self.values, 1)
        self.forecast = float(offset + 12 * slope)
        self.next(self.join)

    @step
    def join(self, inputs):
        level = 0.0
        for task in sorted(inputs, key=lambda t: t.month):
            level = 0.7 * level + 0.3 * task.forecast
        self.level = level
        self.next(self.end)

    @step
    def end(self):
        print(self.level)


if __name__ == "__main__":
    SwitchFlow()
