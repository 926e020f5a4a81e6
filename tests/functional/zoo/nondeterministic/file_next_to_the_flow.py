"""The shared file lies beside the flow."""

# surface: results
# first cause: gather.results

import os

from metaflow import FlowSpec, step

LOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scores.log")


class FileNextToTheFlowFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open(LOG, "a") as file:
            file.write(f"{self.input}\n")
        self.next(self.gather)

    @step
    def gather(self, inputs):
        with open(LOG) as file:
            self.results = file.read().split()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FileNextToTheFlowFlow()
