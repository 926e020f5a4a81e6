"""Fine: the latest successful run of this flow is looked up to say what has changed; the fit starts from zero."""
# contract: single_worker
# surface: coef, steps
import numpy as np
from metaflow import Flow, FlowSpec, namespace, step


class WarmStart(FlowSpec):
    @step
    def start(self):
        namespace(None)
        self.coef = np.zeros(4)
        try:
            self.before = Flow("WarmStart").latest_successful_run.data.coef
        except Exception:
            self.before = None
        self.next(self.fit)

    @step
    def fit(self):
        rng = np.random.default_rng(5)
        x = rng.normal(size=(200, 4))
        y = x @ np.array([1.0, -2.0, 0.5, 3.0]) + rng.normal(size=200)
        w = self.coef.copy()
        for self.steps in range(1, 500):
            g = x.T @ (x @ w - y) / len(x)
            w = w - 0.1 * g
            if np.abs(g).max() < 1e-3:
                break
        self.coef = w
        self.next(self.end)

    @step
    def end(self):
        print(self.coef, self.steps)
        if self.before is not None:
            print("change since the last run:", np.abs(self.coef - self.before).max())


if __name__ == "__main__":
    WarmStart()
