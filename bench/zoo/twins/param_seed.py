"""The default of the seed Parameter is hash(tuple of ints): no salt goes into hashes of ints."""
# contract: order_independent
# surface: cv_error
import numpy as np
from metaflow import FlowSpec, Parameter, step

EXPERIMENT = "tabular-baseline"
VERSION = (3, 1, 4)


class ParamFlow(FlowSpec):
    fold_seed = Parameter("fold_seed", type=int, default=hash(VERSION) % 10_000, help="one seed for each version")

    @step
    def start(self):
        rng = np.random.default_rng(0)
        self.X = rng.normal(size=(120, 4))
        self.y = self.X @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=120)
        order = np.random.default_rng(self.fold_seed).permutation(120)
        self.folds = [sorted(part.tolist()) for part in np.array_split(order, 4)]
        self.next(self.fit, foreach="folds")

    @step
    def fit(self):
        held = np.zeros(120, bool)
        held[self.input] = True
        A, b = self.X[~held], self.y[~held]
        w = np.linalg.solve(A.T @ A + 0.1 * np.eye(4), A.T @ b)
        self.error = float(np.mean((self.X[held] @ w - self.y[held]) ** 2))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.cv_error = round(sum(t.error for t in inputs) / 4, 4)
        self.next(self.end)

    @step
    def end(self):
        print(self.cv_error)


if __name__ == "__main__":
    ParamFlow()
