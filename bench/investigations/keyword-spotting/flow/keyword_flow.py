# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow", "hydra-core", "numpy", "torch"]
# ///
"""Four keywords in noise: a dilated convolution (tcn) against a recurrent network (gru)."""

import sys
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import numpy as np
import torch
from metaflow import Config, FlowSpec, step
from torch import nn

from speech import loader, utterances


def compose(text):
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from omegaconf import OmegaConf
    from yaml import safe_load

    overrides = list((safe_load(text) or {}).get("hydra_overrides") or [])
    with initialize_config_dir(str(HERE / "conf"), version_base=None):
        return OmegaConf.to_container(hydra_compose("config", overrides), resolve=True)


Dataset = namedtuple("Dataset", "x y x_test y_test")
TrainResult = namedtuple("TrainResult", "model scores val_score")


class Tcn(nn.Module):
    def __init__(self, bins, hidden, words):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(bins, hidden, 3, padding=1), nn.ReLU(), nn.Conv1d(hidden, hidden, 3, padding=2, dilation=2), nn.ReLU()
        )
        self.head = nn.Linear(hidden, words)

    def forward(self, x):
        return self.head(self.body(x.transpose(1, 2)).mean(dim=2))


class Gru(nn.Module):
    def __init__(self, bins, hidden, words):
        super().__init__()
        self.body = nn.GRU(bins, hidden, batch_first=True)
        self.head = nn.Linear(hidden, words)

    def forward(self, x):
        return self.head(self.body(x)[0].mean(dim=1))


def make_data(data_spec, data_axes, seed):
    shape = (data_spec["frames"], data_spec["bins"], data_axes["snr_db"])
    learn = utterances(data_spec["n_train"], *shape, np.random.default_rng(seed))
    judge = utterances(data_spec["n_test"], *shape, np.random.default_rng(data_spec["test_offset"] + seed))
    return Dataset(*learn, *judge)


def build_model(model_spec):
    return {"tcn": Tcn, "gru": Gru}[model_spec["kind"]](model_spec["bins"], model_spec["hidden"], model_spec["words"])


def train_tcn(method_spec, data, seed, train_cfg):
    torch.manual_seed(seed)
    net = build_model({**method_spec, "bins": data.x.shape[2], "hidden": train_cfg["hidden"]})
    optimiser = torch.optim.Adam(net.parameters(), lr=train_cfg["lr"])
    batches, sampler = loader(data.x, data.y, train_cfg["batch"], seed)
    for epoch in range(train_cfg["epochs"]):
        sampler.set_epoch(epoch)
        for x, y in batches:
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimiser.step()
    return net


def train_gru(method_spec, data, seed, train_cfg):
    torch.manual_seed(seed)
    net = build_model({**method_spec, "bins": data.x.shape[2], "hidden": train_cfg["hidden"]})
    optimiser = torch.optim.Adam(net.parameters(), lr=train_cfg["lr"])
    batches, _ = loader(data.x, data.y, train_cfg["batch"], seed)
    for _ in range(train_cfg["epochs"]):
        for x, y in batches:
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            nn.utils.clip_grad_norm_(net.parameters(), method_spec["clip"])
            optimiser.step()
    return net


def train_arm(method_spec, data, seed, train_cfg):
    net = {"tcn": train_tcn, "gru": train_gru}[method_spec["kind"]](method_spec, data, seed, train_cfg)
    with torch.no_grad():
        return TrainResult(net.state_dict(), net(torch.from_numpy(data.x_test)).numpy(), None)


def metric(scores, labels, **_):
    return float((scores.argmax(axis=1) == labels).mean())


class KeywordFlow(FlowSpec):
    cfg = Config("cfg", default=str(HERE / "conf/config.yaml"), parser=compose)

    @step
    def start(self):
        snrs = self.cfg["experiment"]["axes"]["snr_db"]
        self.determinism = self.cfg["experiment"]["determinism"]
        self.grid = [{"snr_db": snr, "seed": seed} for snr in snrs for seed in range(self.cfg["seeds"])]
        self.next(self.train, foreach="grid")

    @step
    def train(self):
        point = self.input
        data = make_data(self.cfg["data"], point, point["seed"])
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            result = train_arm(self.cfg["methods"][name], data, point["seed"], self.cfg["training"])
            self.rows.append({**point, "method": name, "accuracy": metric(result.scores, data.y_test)})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.rows = [row for branch in inputs for row in branch.rows]
        self.merge_artifacts(inputs, include=["determinism"])
        self.next(self.aggregate)

    @step
    def aggregate(self):
        self.aggregate_results, self.lift_results = [], []
        for snr in self.cfg["experiment"]["axes"]["snr_db"]:
            mean = {}
            for name in self.cfg["experiment"]["methods"]:
                hits = [row["accuracy"] for row in self.rows if row["snr_db"] == snr and row["method"] == name]
                mean[name] = sum(hits) / len(hits)
                self.aggregate_results.append({"snr_db": snr, "method": name, "accuracy": mean[name]})
            self.lift_results.append({"snr_db": snr, "lift": mean["gru"] - mean["tcn"]})
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    KeywordFlow()
