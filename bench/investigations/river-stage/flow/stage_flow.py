# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow>=2.16", "hydra-core>=1.3", "numpy", "torch"]
# ///
"""River stage at the town gauge, some hours ahead, from rain and the stage upstream."""

import os
import sys
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from metaflow import Config, FlowSpec, step


def hydra_parser(text):
    import yaml
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    overrides = (yaml.safe_load(text) or {}).get("hydra_overrides", [])
    with initialize_config_dir(config_dir=str(ROOT / "conf"), version_base=None):
        return OmegaConf.to_container(compose("config", overrides=overrides), resolve=True)


Dataset = namedtuple("Dataset", "x y x_val y_val x_test y_test")
TrainResult = namedtuple("TrainResult", "model scores val_score")


def catchment(spec, hours, rng):
    """Hourly rain, stage upstream and stage in town: two reservoirs in a row, the second with a floodplain."""
    storm = rng.random(hours) < spec["storms"]
    rain = np.convolve(storm * rng.gamma(2.0, 3.0, hours), np.exp(-np.arange(12) / 4.0))[:hours]
    upper, lower = np.zeros(hours), np.zeros(hours)
    for t in range(1, hours):
        upper[t] = upper[t - 1] + 0.10 * rain[t - 1] - 0.08 * upper[t - 1]
        drain = 0.05 if lower[t - 1] < spec["bank"] else 0.02
        lower[t] = lower[t - 1] + 0.08 * upper[t - 1] - drain * lower[t - 1]
    gauges = np.column_stack([rain, upper, lower])
    gauges[:, 1:] += spec["gauge_noise"] * rng.normal(size=(hours, 2))
    return gauges


def windows(gauges, lags, lead):
    """The last `lags` hours of all gauges, and the change of the stage in town over the next `lead` hours."""
    ends = range(lags, len(gauges) - lead + 1)
    x = np.stack([gauges[t - lags : t].ravel() for t in ends])
    y = np.array([gauges[t + lead - 1, 2] - gauges[t - 1, 2] for t in ends])
    return x.astype(np.float32), y.astype(np.float32)


def make_data(data_spec, data_axes, seed):
    parts = []
    for offset, key in enumerate(("train_hours", "val_hours", "test_hours")):
        rng = np.random.default_rng(data_spec["offset"] * offset + seed)
        parts.append(windows(catchment(data_spec, data_spec[key], rng), data_spec["lags"], data_axes["lead"]))
    mean, deviation = parts[0][0].mean(axis=0), parts[0][0].std(axis=0)
    return Dataset(*(array for x, y in parts for array in ((x - mean) / deviation, y)))


def build_model(model_spec):
    from torch import nn

    return nn.Sequential(nn.Linear(model_spec["inputs"], model_spec["hidden"]), nn.ReLU(), nn.Linear(model_spec["hidden"], 1))


def metric(scores, labels, **_):
    """Nash-Sutcliffe efficiency of the forecast change of stage."""
    return float(1 - np.sum((scores - labels) ** 2) / np.sum((labels - labels.mean()) ** 2))


def least_squares(spec, data, seed, cfg):
    design = lambda x: np.column_stack([x, np.ones(len(x))]).astype(np.float64)
    a = design(data.x)
    w = np.linalg.solve(a.T @ a + spec["penalty"] * np.eye(a.shape[1]), a.T @ data.y)
    return w, design(data.x_test) @ w, design(data.x_val) @ w


def network(spec, data, seed, cfg):
    import torch

    torch.manual_seed(seed)
    net = build_model({"inputs": data.x.shape[1], "hidden": cfg["hidden"]})
    adam = torch.optim.Adam(net.parameters(), lr=cfg["lr"])
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y)
    order = torch.Generator().manual_seed(seed)
    for _ in range(cfg["epochs"]):
        for rows in torch.randperm(len(y), generator=order).split(cfg["batch"]):
            adam.zero_grad()
            torch.nn.functional.mse_loss(net(x[rows])[:, 0], y[rows]).backward()
            adam.step()
    with torch.no_grad():
        test, val = (net(torch.from_numpy(part))[:, 0].numpy() for part in (data.x_test, data.x_val))
    return net.state_dict(), test, val


KINDS = {"least_squares": least_squares, "network": network}


def train_arm(method_spec, data, seed, train_cfg):
    model, test, val = KINDS[method_spec["kind"]](method_spec, data, seed, train_cfg)
    return TrainResult(model, test, metric(val, data.y_val))


class StageFlow(FlowSpec):
    cfg = Config("cfg", default=str(ROOT / "conf" / "config.yaml"), parser=hydra_parser)

    @step
    def start(self):
        self.determinism = self.cfg["experiment"]["determinism"]
        leads = self.cfg["experiment"]["axes"]["lead"]
        self.rivers = [{"lead": lead, "seed": seed} for lead in leads for seed in range(self.cfg["seeds"])]
        self.next(self.river, foreach="rivers")

    @step
    def river(self):
        data = make_data(self.cfg["data"], {"lead": self.input["lead"]}, self.input["seed"])
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            arm = train_arm(self.cfg["methods"][name], data, self.input["seed"], self.cfg["training"])
            nse = metric(arm.scores, data.y_test)
            self.rows.append({**self.input, "method": name, "nse": nse, "val_nse": arm.val_score})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.determinism = inputs[0].determinism
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.aggregate)

    @step
    def aggregate(self):
        self.aggregate_results = []
        for lead in self.cfg["experiment"]["axes"]["lead"]:
            for name in self.cfg["experiment"]["methods"]:
                values = [row["nse"] for row in self.rows if (row["lead"], row["method"]) == (lead, name)]
                self.aggregate_results.append({"lead": lead, "method": name, "nse": float(np.mean(values))})
        self.next(self.end)

    @step
    def end(self):
        print(*self.aggregate_results, sep="\n")


if __name__ == "__main__":
    StageFlow()
