"""Where a file lies is kept instead of what is in it."""

# surface: results
# first cause: work.value

import tempfile

from metaflow import FlowSpec, step


class ATemporaryPathFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            self.value = file.name
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ATemporaryPathFlow()
