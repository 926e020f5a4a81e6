"""A proper lock guards a running sum of whole micro-units, which knows no order."""
# contract: order_independent
# surface: join.mean

import fcntl
import os
import pickle
import tempfile

from metaflow import FlowSpec, step

LOSSES = [0.691, 0.841, 0.357, 2.459, 0.793, 0.725]


def add(path, value):
    with open(path, "r+b") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        state = pickle.load(f)
        n = state["n"] + 1
        state = {"n": n, "sum": state["sum"] + value}
        f.seek(0)
        f.truncate()
        pickle.dump(state, f)


class FloatLock(FlowSpec):
    @step
    def start(self):
        fd, self.state = tempfile.mkstemp(suffix=".pkl")
        with os.fdopen(fd, "wb") as f:
            pickle.dump({"n": 0, "sum": 0}, f)
        self.parts = list(range(len(LOSSES)))
        self.next(self.evaluate, foreach="parts")

    @step
    def evaluate(self):
        add(self.state, round(LOSSES[self.input] * 1e6))
        self.next(self.join)

    @step
    def join(self, inputs):
        with open(inputs[0].state, "rb") as f:
            state = pickle.load(f)
        self.mean = state["sum"] / 1e6 / state["n"]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FloatLock()
