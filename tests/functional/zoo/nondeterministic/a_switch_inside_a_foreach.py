"""Tasks of a foreach go different ways, and the join lists them as they come."""

# surface: results
# first cause: gather.results

from metaflow import FlowSpec, step


class ASwitchInsideAForeachFlow(FlowSpec):
    @step
    def start(self):
        self.parts = [1, 2, 3, 4]
        self.next(self.choose, foreach="parts")

    @step
    def choose(self):
        self.way = "even" if self.input % 2 == 0 else "odd"
        self.next({"even": self.halve, "odd": self.triple}, condition="way")

    @step
    def halve(self):
        self.value = self.input // 2
        self.next(self.gather)

    @step
    def triple(self):
        self.value = 3 * self.input + 1
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ASwitchInsideAForeachFlow()
