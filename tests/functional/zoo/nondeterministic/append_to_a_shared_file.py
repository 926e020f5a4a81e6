"""Each task notes itself in a file of all, and keeps what stands there."""

# surface: results
# first cause: work.value

import os
import tempfile

from metaflow import FlowSpec, step

NOTES = os.path.join(tempfile.gettempdir(), "notes.txt")


class AppendToASharedFileFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open(NOTES, "a") as file:
            file.write(self.input)
        with open(NOTES) as file:
            self.value = file.read()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AppendToASharedFileFlow()
