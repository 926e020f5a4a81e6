"""Columns are stacked branch by branch by name; ties go to the first column, which is always the same."""
# contract: single_worker
# surface: selected
import numpy as np
from metaflow import FlowSpec, step


def difference(a, b):
    return float(np.abs(a - b).mean())


def features(seed, names):
    rng = np.random.default_rng(seed)
    return names, rng.integers(0, 3, size=(40, len(names)))


class FeatureFlow(FlowSpec):
    @step
    def start(self):
        self.target = np.random.default_rng(5).integers(0, 3, size=40)
        self.next(self.lexical, self.semantic, self.length)

    @step
    def lexical(self):
        self.columns, self.X = features(1, ["lex_overlap", "lex_idf", "lex_case"])
        self.next(self.join)

    @step
    def semantic(self):
        self.columns, self.X = features(2, ["sem_cos", "sem_topic"])
        self.next(self.join)

    @step
    def length(self):
        self.columns, self.X = features(3, ["len_chars", "len_words", "len_ratio"])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs, include=["target"])
        parts = [inputs.lexical, inputs.semantic, inputs.length]
        self.columns = [c for p in parts for c in p.columns]
        X = np.hstack([p.X for p in parts])
        gap = np.array([round(difference(X[:, j], self.target), 1) for j in range(X.shape[1])])
        best = np.argsort(gap, kind="stable")[:3]
        self.selected = [self.columns[j] for j in best]
        self.next(self.end)

    @step
    def end(self):
        print(self.selected)


if __name__ == "__main__":
    FeatureFlow()
