"""A fold anneals its rate unless it was the first or the last to begin, told by the markers of finished folds."""
# contract: order_independent
# surface: losses
# first cause: train.loss

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
        inner = 0 < before < len(self.folds) - 1
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
