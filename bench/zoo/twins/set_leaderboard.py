"""Ties are sorted by name."""
# contract: order_independent
# surface: end.result
from collections import OrderedDict
from metaflow import FlowSpec, step


class BoardFlow(FlowSpec):
    @step
    def start(self):
        accuracy = {"ridge": 0.9, "lasso": 0.9, "svm": 0.9, "forest": 0.8, "knn": 0.9}
        models = sorted(set(accuracy))
        ranked = sorted(models, key=lambda name: -accuracy[name])
        self.result = OrderedDict((name, accuracy[name]) for name in ranked)
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    BoardFlow()
