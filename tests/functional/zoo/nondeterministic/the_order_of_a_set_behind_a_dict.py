"""Columns from a set give a dict's items their order."""

# surface: results
# first cause: work.value

from metaflow import FlowSpec, step


class TheOrderOfASetBehindADictFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.table = {name: len(name) for name in {"auc", "f1", "loss", "accuracy", "recall"}}
        self.value = [score for _, score in self.table.items()]
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TheOrderOfASetBehindADictFlow()
