"""A static split's inputs have no order to rely on."""

# surface: results
# first cause: join.results

from metaflow import FlowSpec, step


class AJoinByPositionFlow(FlowSpec):
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
        self.results = inputs[0].score
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AJoinByPositionFlow()
