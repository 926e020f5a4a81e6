"""Fine: the forest is fitted with four threads, where every tree has a seed of its own, and votes with one."""
# contract: order_independent
# surface: fit.model, mean_probability, borderline
import numpy as np
from metaflow import FlowSpec, step


class ForestVote(FlowSpec):
    @step
    def start(self):
        self.depths = [3, 4]
        self.next(self.fit, foreach="depths")

    @step
    def fit(self):
        from sklearn.ensemble import RandomForestClassifier

        rng = np.random.default_rng(0)
        x = rng.normal(size=(400, 6))
        y = (x[:, 0] + x[:, 1] * rng.normal(size=400) > 0).astype(int)
        self.model = RandomForestClassifier(n_estimators=24, max_depth=self.input, random_state=1, n_jobs=4)
        self.model.fit(x, y)
        self.model.set_params(n_jobs=1)
        probability = self.model.predict_proba(rng.normal(size=(3000, 6)))[:, 1]
        self.total = float(probability.sum())
        self.close = int((np.abs(probability - 0.5) < 0.01).sum())
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.mean_probability = [i.total / 3000 for i in inputs]
        self.borderline = [i.close for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        print(self.mean_probability, self.borderline)


if __name__ == "__main__":
    ForestVote()
