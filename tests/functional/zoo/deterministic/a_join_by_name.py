"""The branches are taken by name."""

# surface: results

from metaflow import FlowSpec, step


class AJoinByNameFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.score = 1.0
        self.next(self.join)

    @step
    def right(self):
        self.score = 2.0
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [inputs.left.score, inputs.right.score]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AJoinByNameFlow()
