"""A uuid names what is compared."""

# surface: results
# first cause: work.value

import uuid

from metaflow import FlowSpec, step


class ARandomNameFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = {"model": self.input, "id": uuid.uuid4().hex}
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ARandomNameFlow()
