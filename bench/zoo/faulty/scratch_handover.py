"""All folds hand features from featurize to train through one scratch file, so level order gives each train the last fold's data."""
# contract: order_independent
# surface: mse
# first cause: train.mse

import json
import os
import tempfile

import numpy as np
from metaflow import FlowSpec, step


def scratch_path(fold):
    return os.path.join(tempfile.gettempdir(), "features.json")


class ScratchHandover(FlowSpec):
    @step
    def start(self):
        self.folds = [0, 1, 2, 3]
        self.next(self.featurize, foreach="folds")

    @step
    def featurize(self):
        self.fold = self.input
        rng = np.random.default_rng(100 + self.fold)
        x = rng.integers(-9, 9, size=(30, 3))
        y = x @ np.array([1, -2, 3]) + rng.integers(-2, 3, size=30)
        path = scratch_path(self.fold)
        part = f"{path}.{os.getpid()}"
        with open(part, "w") as f:
            json.dump({"x": x.tolist(), "y": y.tolist()}, f)
        os.replace(part, path)
        self.next(self.train)

    @step
    def train(self):
        with open(scratch_path(self.fold)) as f:
            data = json.load(f)
        w = [1, -2, 3]
        errors = [yi - sum(a * b for a, b in zip(w, xi)) for xi, yi in zip(data["x"], data["y"])]
        self.mse = sum(e * e for e in errors) / len(errors)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.mse = {i.fold: i.mse for i in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(self.mse)


if __name__ == "__main__":
    ScratchHandover()
