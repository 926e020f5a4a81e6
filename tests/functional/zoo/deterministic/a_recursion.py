"""A step that repeats itself, and a switch that ends it."""

# surface: results

from metaflow import FlowSpec, step


class ARecursionFlow(FlowSpec):
    @step
    def start(self):
        self.value, self.turns = 27, 0
        self.next(self.halve)

    @step
    def halve(self):
        self.turns += 1
        self.value = self.value / 2
        self.way = "again" if self.value > 5 else "enough"
        self.next({"again": self.halve, "enough": self.end}, condition="way")

    @step
    def end(self):
        self.results = {"turns": self.turns, "value": self.value}


if __name__ == "__main__":
    ARecursionFlow()
