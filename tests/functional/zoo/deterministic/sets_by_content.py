"""Sets whose iteration order differs are equal."""

# surface: results

from metaflow import FlowSpec, step


class SetsByContentFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.value = {self.input, "auc", "f1", "loss", "accuracy"}
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SetsByContentFlow()
