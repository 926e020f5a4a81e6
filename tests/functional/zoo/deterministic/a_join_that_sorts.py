"""The branches are sorted before their order matters."""

# surface: results

from metaflow import FlowSpec, step


class AJoinThatSortsFlow(FlowSpec):
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
        self.results = sorted(one.score for one in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AJoinThatSortsFlow()
