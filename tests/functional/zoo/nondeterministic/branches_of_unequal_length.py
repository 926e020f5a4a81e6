"""The second step of one branch and the only one of the other share a file."""

# surface: results
# first cause: refine.seen

import os
import tempfile

from metaflow import FlowSpec, step

SEEN = os.path.join(tempfile.gettempdir(), "seen")


class BranchesOfUnequalLengthFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.fit, self.baseline)

    @step
    def fit(self):
        self.next(self.refine)

    @step
    def refine(self):
        self.seen = os.path.exists(SEEN)
        self.next(self.join)

    @step
    def baseline(self):
        open(SEEN, "a").close()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [inputs.refine.seen]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    BranchesOfUnequalLengthFlow()
