"""The join takes the tasks' files in the order of their age."""

# surface: results
# first cause: gather.results

import os
import tempfile

from metaflow import FlowSpec, step


class FilesByAgeFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        folder = os.path.join(tempfile.gettempdir(), "parts")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, self.input), "w") as file:
            file.write(self.input)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        folder = os.path.join(tempfile.gettempdir(), "parts")
        self.results = sorted(os.listdir(folder), key=lambda name: os.stat(os.path.join(folder, name)).st_mtime_ns)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FilesByAgeFlow()
