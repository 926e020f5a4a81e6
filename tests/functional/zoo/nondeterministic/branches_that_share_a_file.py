"""Each branch sees whether the other was there."""

# surface: results
# first cause: left.seen

import os
import tempfile

from metaflow import FlowSpec, step


def note(name):
    path = os.path.join(tempfile.gettempdir(), "seen")
    with open(path, "a") as file:
        file.write(name)
    with open(path) as file:
        return file.read()


class BranchesThatShareAFileFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.seen = note("left")
        self.next(self.join)

    @step
    def right(self):
        self.seen = note("right")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = {"left": inputs.left.seen, "right": inputs.right.seen}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BranchesThatShareAFileFlow()
