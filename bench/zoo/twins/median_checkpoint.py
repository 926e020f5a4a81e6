"""Fine: modification times are set to the number of the rate, so the middle checkpoint is always the same one."""
# contract: order_independent
# surface: chosen, weights
import os
import shutil
import time
from pathlib import Path

import numpy as np
from metaflow import FlowSpec, step


class MedianCheckpoint(FlowSpec):
    @step
    def start(self):
        self.folder = str(Path("checkpoints").absolute())
        os.makedirs(self.folder, exist_ok=True)
        self.rates = [0.01, 0.02, 0.05, 0.1, 0.2]
        self.next(self.train, foreach="rates")

    @step
    def train(self):
        rng = np.random.default_rng(7)
        x = rng.normal(size=(100, 4))
        w = np.zeros(4)
        for _ in range(int(1.2 / self.input ** 0.7)):
            w -= self.input * x.T @ (x @ w - x @ np.arange(4)) / len(x)
            time.sleep(0.1)
        target = os.path.join(self.folder, f"rate-{self.input}.npy")
        np.save(target, w)
        os.utime(target, (1_600_000_000, 1_600_000_000 + self.index))
        self.next(self.pick)

    @step
    def pick(self, inputs):
        folder = Path(inputs[0].folder)
        files = sorted(folder.glob("*.npy"), key=lambda f: f.stat().st_mtime_ns)
        middle = files[len(files) // 2]
        self.chosen = middle.stem
        self.weights = np.load(middle)
        shutil.rmtree(folder)
        self.next(self.end)

    @step
    def end(self):
        print(self.chosen, self.weights)


if __name__ == "__main__":
    MedianCheckpoint()
