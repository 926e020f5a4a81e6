"""Dicts filled in another order are equal."""

# surface: results

from metaflow import FlowSpec, step


class DictsByContentFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = {name: len(name) for name in {"auc", "f1", "loss", "accuracy", self.input}}
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DictsByContentFlow()
