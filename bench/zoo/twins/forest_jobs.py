"""One thread."""
# contract: order_independent
# surface: end.result
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from metaflow import FlowSpec, step


class ForestFlow(FlowSpec):
    @step
    def start(self):
        X, y = make_classification(n_samples=600, n_features=12, n_informative=6, random_state=0)
        forest = RandomForestClassifier(n_estimators=120, max_depth=4, random_state=0, n_jobs=1).fit(X, y)
        self.result = float(forest.predict_proba(X)[:, 1].sum())
        self.result = forest.predict_proba(X)[:, 1].tolist()
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", hash(tuple(self.result)))


if __name__ == "__main__":
    ForestFlow()
