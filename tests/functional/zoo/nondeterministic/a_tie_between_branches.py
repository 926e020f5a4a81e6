"""max() keeps the first of equals."""

# surface: results
# first cause: join.results

from metaflow import FlowSpec, step


class ATieBetweenBranchesFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.score, self.model = 0.9, "left"
        self.next(self.join)

    @step
    def right(self):
        self.score, self.model = 0.9, "right"
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = max(inputs, key=lambda one: one.score).model
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ATieBetweenBranchesFlow()
