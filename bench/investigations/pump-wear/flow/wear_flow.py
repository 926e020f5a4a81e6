# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow>=2.16", "hydra-core>=1.3", "numpy", "torch"]
# ///
"""Wear depth of a pump bearing from band energies: ridge regression against a small network."""

import os
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from metaflow import Config, FlowSpec, step

from rig import Rig


def hydra_config(text):
    import yaml
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    asked = (yaml.safe_load(text) or {}).get("hydra_overrides", [])
    with initialize_config_dir(config_dir=str(ROOT / "conf"), version_base="1.3"):
        return OmegaConf.to_container(compose(config_name="config", overrides=asked), resolve=True)


class Dataset(NamedTuple):
    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


class TrainResult(NamedTuple):
    model: object
    scores: np.ndarray
    val_score: float


def make_data(data_spec, data_axes, seed):
    rig = Rig(data_spec, data_axes["load"], seed)
    train, val, test = (rig.record(data_spec[part]) for part in ("n_train", "n_val", "n_test"))
    mean, std = train[0].mean(axis=0), train[0].std(axis=0)
    train, val, test = (((x - mean) / std, y) for x, y in (train, val, test))
    return Dataset(*train, *val, *test)


def build_model(model_spec):
    from torch import nn

    return nn.Sequential(
        nn.Linear(model_spec["bands"], model_spec["hidden"]), nn.ReLU(), nn.Linear(model_spec["hidden"], 1)
    )


def metric(scores, labels, **_):
    """Root mean square error of the wear depth, in mm."""
    return float(np.sqrt(np.mean((scores - labels) ** 2)))


def _ridge(spec, data, seed, cfg):
    a = np.hstack([data.x, np.ones((len(data.x), 1), dtype=np.float32)]).astype(np.float64)
    penalty = spec["penalty"] * np.eye(a.shape[1])
    penalty[-1, -1] = 0.0
    w = np.linalg.solve(a.T @ a + penalty, a.T @ data.y)
    predict = lambda x: x @ w[:-1] + w[-1]
    return TrainResult(w, predict(data.x_test), metric(predict(data.x_val), data.y_val))


def _network(spec, data, seed, cfg):
    import torch

    torch.manual_seed(seed)
    net = build_model({"bands": data.x.shape[1], "hidden": cfg["hidden"]})
    adam = torch.optim.Adam(net.parameters(), lr=cfg["lr"])
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    order = torch.Generator().manual_seed(seed)
    for _ in range(cfg["epochs"]):
        for rows in torch.randperm(len(y), generator=order).split(cfg["batch"]):
            adam.zero_grad()
            torch.nn.functional.mse_loss(net(x[rows]).squeeze(1), y[rows]).backward()
            adam.step()
    with torch.no_grad():
        test, val = (net(torch.from_numpy(part)).squeeze(1).numpy() for part in (data.x_test, data.x_val))
    return TrainResult(net.state_dict(), test, metric(val, data.y_val))


TRAINERS = {"ridge": _ridge, "network": _network}


def train_arm(method_spec, data, seed, train_cfg):
    return TRAINERS[method_spec["kind"]](method_spec, data, seed, train_cfg)


class WearFlow(FlowSpec):
    cfg = Config("cfg", default=str(ROOT / "conf" / "config.yaml"), parser=hydra_config)

    @step
    def start(self):
        self.determinism = self.cfg["experiment"]["determinism"]
        loads = self.cfg["experiment"]["axes"]["load"]
        self.points = [{"load": load, "seed": seed} for load, seed in product(loads, range(self.cfg["seeds"]))]
        self.next(self.bench, foreach="points")

    @step
    def bench(self):
        load, seed = self.input["load"], self.input["seed"]
        data = make_data(self.cfg["data"], {"load": load}, seed)
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            fitted = train_arm(self.cfg["methods"][name], data, seed, self.cfg["training"])
            error = metric(fitted.scores, data.y_test)
            self.rows.append({"load": load, "seed": seed, "method": name, "rmse": error, "val_rmse": fitted.val_score})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.determinism = inputs[0].determinism
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.aggregate)

    @step
    def aggregate(self):
        """The mean error of each method at each load, and how much the network takes off it."""
        self.aggregate_results, self.lift_results = [], []
        for load in self.cfg["experiment"]["axes"]["load"]:
            means = {}
            for name in self.cfg["experiment"]["methods"]:
                errors = [row["rmse"] for row in self.rows if (row["load"], row["method"]) == (load, name)]
                means[name] = sum(errors) / len(errors)
                self.aggregate_results.append({"load": load, "method": name, "rmse": means[name]})
            self.lift_results.append({"load": load, "gain": means["ridge"] - means["network"]})
        self.next(self.end)

    @step
    def end(self):
        print(self.lift_results)


if __name__ == "__main__":
    WearFlow()
