"""Two levels of tasks, each with what is its own."""

# surface: aggregate.results, train.score

from metaflow import FlowSpec, step


class AForeachInsideAForeachFlow(FlowSpec):
    @step
    def start(self):
        self.noises = [0.1, 0.5]
        self.next(self.data, foreach="noises")

    @step
    def data(self):
        self.noise = self.input
        self.methods = ["ce", "topk"]
        self.next(self.train, foreach="methods")

    @step
    def train(self):
        self.score = self.noise * len(self.input)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.scores = [one.score for one in inputs]
        self.next(self.aggregate)

    @step
    def aggregate(self, inputs):
        self.results = [one.scores for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AForeachInsideAForeachFlow()
