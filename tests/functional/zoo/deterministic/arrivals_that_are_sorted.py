"""All append to one file, and the join sorts it."""

# surface: results

import os
import tempfile

from metaflow import FlowSpec, step

NOTES = os.path.join(tempfile.gettempdir(), "notes.txt")


class ArrivalsThatAreSortedFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open(NOTES, "a") as file:
            file.write(f"{self.input}\n")
        self.next(self.gather)

    @step
    def gather(self, inputs):
        with open(NOTES) as file:
            self.results = sorted(file.read().split())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ArrivalsThatAreSortedFlow()
