#!/usr/bin/env python
"""Yields of cross-coupling reactions: do interaction terms beat additive descriptors?

    python yields_flow.py run --table data/couplings.csv

The table has one row a reaction: columns `yield` (percent) and any number of numeric descriptors whose names begin
with `d_`. Without a table a synthetic plate of the same layout is used.
"""
from __future__ import annotations

import numpy as np
import pandas as pd
from metaflow import FlowSpec, Parameter, step
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def synthetic_plate(rows: int = 1536, descriptors: int = 16) -> pd.DataFrame:
    """A plate with additive effects, a few interactions and a floor at zero."""
    rng = np.random.default_rng(1536)
    d = rng.normal(size=(rows, descriptors))
    additive = d @ rng.normal(scale=4.0, size=descriptors)
    pairs = 9.0 * d[:, 0] * d[:, 1] - 7.0 * d[:, 2] * d[:, 5]
    percent = np.clip(45.0 + additive + pairs + rng.normal(scale=5.0, size=rows), 0.0, 100.0)
    frame = pd.DataFrame(d, columns=[f"d_{i:02d}" for i in range(descriptors)])
    frame["yield"] = percent
    return frame


def read_table(path: str) -> tuple[np.ndarray, np.ndarray]:
    frame = pd.read_csv(path) if path else synthetic_plate()
    columns = sorted(name for name in frame.columns if name.startswith("d_"))
    return frame[columns].to_numpy(), frame["yield"].to_numpy()


def cut(x: np.ndarray, y: np.ndarray, test_share: float, val_share: float, seed: int):
    """Test reactions first, then validation reactions out of what is left."""
    state = np.random.RandomState(seed)
    x_rest, x_test, y_rest, y_test = train_test_split(x, y, test_size=test_share, random_state=state)
    x_train, x_val, y_train, y_val = train_test_split(x_rest, y_rest, test_size=val_share, random_state=state)
    return (x_train, y_train), (x_val, y_val), (x_test, y_test)


def additive():
    return make_pipeline(StandardScaler(), Ridge(alpha=1.0))


def boosted(stages: int, depth: int, seed: int):
    return GradientBoostingRegressor(
        n_estimators=stages, max_depth=depth, learning_rate=0.05, subsample=1.0, random_state=seed
    )


class YieldsFlow(FlowSpec):
    table = Parameter("table", type=str, default="")
    cuts = Parameter("cuts", type=int, default=10, help="how many random cuts of the plate")
    test_share = Parameter("test-share", type=float, default=0.3)
    val_share = Parameter("val-share", type=float, default=0.2)
    stages = Parameter("stages", type=int, default=300)
    depth = Parameter("depth", type=int, default=3)
    resamples = Parameter("resamples", type=int, default=2000)

    @step
    def start(self):
        self.x, self.y = read_table(self.table)
        self.seeds = list(range(self.cuts))
        self.next(self.fit, foreach="seeds")

    @step
    def fit(self):
        seed = self.input
        (x, y), (x_val, y_val), (x_test, y_test) = cut(self.x, self.y, self.test_share, self.val_share, seed)
        models = {"additive": additive(), "boosted": boosted(self.stages, self.depth, seed)}
        self.errors = {"cut": seed}
        for name, model in models.items():
            model.fit(x, y)
            self.errors[name] = float(mean_absolute_error(y_test, model.predict(x_test)))
            self.errors[f"{name}_val"] = float(mean_absolute_error(y_val, model.predict(x_val)))
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.errors = [one.errors for one in inputs]
        self.next(self.compare)

    @step
    def compare(self):
        """Paired difference over cuts with a percentile interval."""
        gain = np.array([row["additive"] - row["boosted"] for row in self.errors])
        rng = np.random.default_rng(0)
        means = gain[rng.integers(0, len(gain), (self.resamples, len(gain)))].mean(axis=1)
        self.result = {
            "mae_additive": float(np.mean([row["additive"] for row in self.errors])),
            "mae_boosted": float(np.mean([row["boosted"] for row in self.errors])),
            "val_gap": float(np.mean([row["boosted_val"] - row["boosted"] for row in self.errors])),
            "gain": float(gain.mean()),
            "interval": [float(edge) for edge in np.percentile(means, [2.5, 97.5])],
        }
        self.next(self.end)

    @step
    def end(self):
        print(self.result)


if __name__ == "__main__":
    YieldsFlow()
