"""repr() shows where an object lies in memory."""

# surface: results
# first cause: work.value

from metaflow import FlowSpec, step


class AnAddressFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = repr(object())
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AnAddressFlow()
