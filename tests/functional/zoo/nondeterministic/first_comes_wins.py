"""A cache that whoever comes first fills with its own answer."""

# surface: results
# first cause: work.value

import json
import os
import tempfile

from metaflow import FlowSpec, step


class FirstComesWinsFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        path = os.path.join(tempfile.gettempdir(), "baseline.json")
        if not os.path.exists(path):
            with open(path, "w") as file:
                json.dump({"from": self.input}, file)
        with open(path) as file:
            self.value = json.load(file)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FirstComesWinsFlow()
