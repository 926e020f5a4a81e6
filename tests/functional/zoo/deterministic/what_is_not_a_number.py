"""NaN is NaN."""

# surface: results

from metaflow import FlowSpec, step


class WhatIsNotANumberFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = [float("nan"), float("inf"), -0.0]
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    WhatIsNotANumberFlow()
