"""What both branches carry is merged, what they made is named."""

# surface: results

from metaflow import FlowSpec, step


class AMergeFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.left_score = 1.0
        self.next(self.join)

    @step
    def right(self):
        self.right_score = 2.0
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.results = self.left_score + self.right_score
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AMergeFlow()
