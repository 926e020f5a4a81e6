"""A structure that contains itself."""

# surface: results

from metaflow import FlowSpec, step


class Node:
    def __init__(self, name):
        self.name = name


class ACycleFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = Node(self.input)
        self.value.next = self.value
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ACycleFlow()
