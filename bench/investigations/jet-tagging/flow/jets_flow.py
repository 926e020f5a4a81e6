# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow>=2.16", "hydra-core>=1.3", "numpy", "scikit-learn", "torch"]
# ///
"""Quark or gluon? A Fisher discriminant on four jet shapes against a network on the same four."""

import os
import sys
from collections import namedtuple
from itertools import product
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from metaflow import Config, FlowSpec, step


def from_hydra(text):
    import yaml
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    wanted = (yaml.safe_load(text) or {}).get("hydra_overrides", [])
    with initialize_config_dir(config_dir=str(HERE / "conf"), version_base=None):
        return OmegaConf.to_container(compose("config", overrides=wanted), resolve=True)


Dataset = namedtuple("Dataset", "x y x_val y_val x_test y_test")
TrainResult = namedtuple("TrainResult", "model scores val_score")


def jets(n, smear, rng):
    """n jets: multiplicity, width, fragmentation and mass, as a detector of the given smearing sees them; 1 is a quark."""
    quark = rng.integers(0, 2, n)
    log_pt = rng.normal(5.0, 0.3, n)
    particles = rng.poisson(np.where(quark == 1, 4.0, 6.5) * log_pt)
    width = rng.gamma(3.0, np.where(quark == 1, 0.03, 0.045))
    fragmentation = rng.beta(np.where(quark == 1, 3.0, 2.2), np.sqrt(particles + 1.0))
    mass = np.exp(log_pt) * width * rng.lognormal(0, 0.2, n)
    shapes = np.column_stack([np.log1p(particles), np.log(width), fragmentation, np.log(mass)])
    return (shapes + smear * shapes.std(axis=0) * rng.normal(size=shapes.shape)).astype(np.float32), quark


def make_data(data_spec, data_axes, seed):
    sizes = [data_spec[key] for key in ("n_train", "n_val", "n_test")]
    streams = np.random.SeedSequence(seed).spawn(len(sizes))
    parts = [jets(n, data_axes["smear"], np.random.default_rng(stream)) for n, stream in zip(sizes, streams)]
    mean, deviation = parts[0][0].mean(axis=0), parts[0][0].std(axis=0)
    return Dataset(*(array for x, y in parts for array in ((x - mean) / deviation, y)))


def build_model(model_spec):
    from torch import nn

    hidden = model_spec["hidden"]
    return nn.Sequential(
        nn.Linear(model_spec["shapes"], hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1)
    )


def metric(scores, labels, **_):
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, scores))


def fisher(spec, data, seed, cfg):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    model = LinearDiscriminantAnalysis(solver=spec["solver"]).fit(data.x, data.y)
    return TrainResult(model, model.decision_function(data.x_test), metric(model.decision_function(data.x_val), data.y_val))


def network(spec, data, seed, cfg):
    import torch

    torch.manual_seed(seed)
    net = build_model({"shapes": data.x.shape[1], "hidden": cfg["hidden"]})
    adam = torch.optim.Adam(net.parameters(), lr=cfg["lr"])
    x, y = torch.from_numpy(data.x), torch.from_numpy(data.y).float()
    order = torch.Generator().manual_seed(seed)
    for _ in range(cfg["epochs"]):
        for rows in torch.randperm(len(y), generator=order).split(cfg["batch"]):
            adam.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(net(x[rows])[:, 0], y[rows]).backward()
            adam.step()
    with torch.no_grad():
        test, val = (net(torch.from_numpy(part))[:, 0].numpy() for part in (data.x_test, data.x_val))
    return TrainResult(net.state_dict(), test, metric(val, data.y_val))


KINDS = {"fisher": fisher, "network": network}


def train_arm(method_spec, data, seed, train_cfg):
    return KINDS[method_spec["kind"]](method_spec, data, seed, train_cfg)


class JetsFlow(FlowSpec):
    cfg = Config("cfg", default=str(HERE / "conf" / "config.yaml"), parser=from_hydra)

    @step
    def start(self):
        self.determinism = self.cfg["experiment"]["determinism"]
        levels = self.cfg["experiment"]["axes"]["smear"]
        self.samples = [{"smear": smear, "seed": seed} for smear, seed in product(levels, range(self.cfg["seeds"]))]
        self.next(self.tag, foreach="samples")

    @step
    def tag(self):
        data = make_data(self.cfg["data"], {"smear": self.input["smear"]}, self.input["seed"])
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            arm = train_arm(self.cfg["methods"][name], data, self.input["seed"], self.cfg["training"])
            auc = metric(arm.scores, data.y_test)
            self.rows.append({**self.input, "method": name, "auc": auc, "val_auc": arm.val_score})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.determinism = inputs[0].determinism
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.aggregate)

    @step
    def aggregate(self):
        self.aggregate_results, self.lift_results = [], []
        for smear in self.cfg["experiment"]["axes"]["smear"]:
            mean = {}
            for name in self.cfg["experiment"]["methods"]:
                own = [row for row in self.rows if row["smear"] == smear and row["method"] == name]
                mean[name] = float(np.mean([row["auc"] for row in own]))
                val = float(np.mean([row["val_auc"] for row in own]))
                self.aggregate_results.append({"smear": smear, "method": name, "auc": mean[name], "val_auc": val})
            self.lift_results.append({"smear": smear, "lift": mean["network"] - mean["fisher"]})
        self.next(self.end)

    @step
    def end(self):
        print(self.lift_results)


if __name__ == "__main__":
    JetsFlow()
