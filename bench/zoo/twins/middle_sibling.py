"""A fold counts the markers of finished folds for its progress line only; the rate follows the fold's number."""
# contract: order_independent
# surface: losses

import os
import tempfile

from metaflow import FlowSpec, step


class MiddleSibling(FlowSpec):
    @step
    def start(self):
        self.marks = tempfile.mkdtemp(prefix="marks")
        self.folds = [11, 12, 13]
        self.next(self.train, foreach="folds")

    @step
    def train(self):
        before = len(os.listdir(self.marks))
        print(f"{before} of {len(self.folds)} folds are done")
        inner = 0 < self.index < len(self.folds) - 1
        rate = 0.25 if inner else 0.5
        w = float(self.input)
        for _ in range(4):
            w -= rate * w
        self.loss = w * w
        open(os.path.join(self.marks, f"fold-{self.input}"), "w").close()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.losses = [i.loss for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MiddleSibling()
