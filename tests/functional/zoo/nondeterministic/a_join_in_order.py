"""The branches are listed as they come."""

# surface: results
# first cause: join.results

from metaflow import FlowSpec, step


class AJoinInOrderFlow(FlowSpec):
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
        self.results = [one.score for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AJoinInOrderFlow()
