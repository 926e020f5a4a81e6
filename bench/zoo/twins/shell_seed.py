"""A shell child derives the seed with cksum from the experiment's name, and keeps it in a dot folder of the project."""
# contract: order_independent
# surface: importance
import subprocess

import numpy as np
from metaflow import FlowSpec, step

SCRIPT = """
mkdir -p .state
test -s .state/seed || printf permutation-importance | cksum | cut -d' ' -f1 > .state/seed
cat .state/seed
"""


class ImportanceFlow(FlowSpec):
    @step
    def start(self):
        self.seed = int(subprocess.run(SCRIPT, shell=True, capture_output=True, text=True, check=True).stdout)
        rng = np.random.default_rng(0)
        self.X = rng.normal(size=(80, 3))
        self.y = self.X @ [2.0, 1.0, 0.2]
        self.columns = [0, 1, 2]
        self.next(self.permute, foreach="columns")

    @step
    def permute(self):
        X = self.X.copy()
        X[:, self.input] = np.random.default_rng([self.seed, self.input]).permutation(X[:, self.input])
        self.rise = float(np.mean((X @ [2.0, 1.0, 0.2] - self.y) ** 2))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.importance = [round(t.rise, 4) for t in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.importance)


if __name__ == "__main__":
    ImportanceFlow()
