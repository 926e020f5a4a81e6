# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow>=2.16", "hydra-core>=1.3", "numpy", "scikit-learn"]
# ///
"""Early warning of slip: the wobble of the shear force against the ratio of the forces."""

import sys
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import numpy as np
from metaflow import Config, FlowSpec, step
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import gripper


def load_config(text: str) -> dict[str, Any]:
    import yaml
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    overrides = (yaml.safe_load(text) or {}).get("hydra_overrides", [])
    with initialize_config_dir(config_dir=str(HERE / "conf"), version_base="1.3"):
        return OmegaConf.to_container(compose("config", overrides=overrides), resolve=True)


class Dataset(NamedTuple):
    train: np.ndarray
    train_slips: np.ndarray
    test: np.ndarray
    test_slips: np.ndarray


class TrainResult(NamedTuple):
    model: Any
    scores: np.ndarray
    val_score: float | None


def make_data(data_spec: dict, data_axes: dict, seed: int) -> Dataset:
    common = {key: data_spec[key] for key in ("friction", "ticks", "grip", "tremor")} | data_axes
    parts = []
    for n, offset in ((data_spec["n_train"], 0), (data_spec["n_test"], data_spec["test_offset"])):
        traces, slips = gripper.lifts(n, **common, rng=np.random.default_rng(offset + seed))
        parts += [gripper.early(traces, data_spec["early"]), slips]
    return Dataset(*parts)


def ratio_features(traces: np.ndarray) -> np.ndarray:
    """Shear over normal force: the last value and the slope."""
    ratio = traces[:, :, 1] / traces[:, :, 0]
    return np.stack([ratio[:, -1], ratio[:, -1] - ratio[:, 0]], axis=1)


def wobble_features(traces: np.ndarray) -> np.ndarray:
    """What the ratio sees, and the spread of the second difference of the shear."""
    wobble = np.diff(traces[:, :, 1], n=2, axis=1).std(axis=1)
    return np.column_stack([ratio_features(traces), np.log(wobble + 1e-6)])


FEATURES = {"ratio": ratio_features, "wobble": wobble_features}


def train_arm(method_spec: dict, data: Dataset, seed: int, train_cfg: dict) -> TrainResult:
    features = FEATURES[method_spec["kind"]]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=train_cfg["C"], max_iter=train_cfg["max_iter"]))
    model.fit(features(data.train), data.train_slips)
    return TrainResult(model, model.predict_proba(features(data.test))[:, 1], None)


def metric(scores: np.ndarray, labels: np.ndarray, **_: Any) -> float:
    return float(average_precision_score(labels, scores))


class SlipFlow(FlowSpec):
    cfg = Config("cfg", default=str(HERE / "conf" / "config.yaml"), parser=load_config)

    @step
    def start(self):
        axes = self.cfg["experiment"]["axes"]
        self.determinism = self.cfg["experiment"]["determinism"]
        self.branches = [
            {"axes": dict(zip(axes, values)), "seed": seed}
            for *values, seed in product(*axes.values(), range(self.cfg["seeds"]))
        ]
        self.next(self.lift, foreach="branches")

    @step
    def lift(self):
        axes, seed = self.input["axes"], self.input["seed"]
        data = make_data(self.cfg["data"], axes, seed)
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            arm = train_arm(self.cfg["methods"][name], data, seed, self.cfg["training"])
            self.rows.append({**axes, "seed": seed, "method": name, "ap": metric(arm.scores, data.test_slips)})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.merge_artifacts(inputs, include=["determinism"])
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.aggregate)

    @step
    def aggregate(self):
        """Average precision of each method at each payload."""
        self.aggregate_results, self.lift_results = [], []
        for payload in self.cfg["experiment"]["axes"]["payload"]:
            at = [row for row in self.rows if row["payload"] == payload]
            mean = {m: float(np.mean([row["ap"] for row in at if row["method"] == m])) for m in FEATURES}
            self.aggregate_results += [{"payload": payload, "method": m, "ap": ap} for m, ap in mean.items()]
            self.lift_results.append({"payload": payload, "lift": mean["wobble"] - mean["ratio"]})
        self.next(self.end)

    @step
    def end(self):
        print(self.lift_results)


if __name__ == "__main__":
    SlipFlow()
