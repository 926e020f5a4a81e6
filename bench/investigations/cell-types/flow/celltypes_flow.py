# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow", "hydra-core", "numpy", "scikit-learn"]
# ///
"""Telling neighbouring cell types apart from read counts: a counting model against centroids of log counts."""

import sys
from itertools import product
from pathlib import Path

FLOW_DIR = Path(__file__).resolve().parent
sys.path.insert(0, str(FLOW_DIR))

from collections import namedtuple

import numpy as np
from metaflow import Config, FlowSpec, step
from sklearn.metrics import f1_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import NearestCentroid

Dataset = namedtuple("Dataset", ["counts", "types", "test_counts", "test_types"])
TrainResult = namedtuple("TrainResult", ["model", "scores", "val_score"])


def parse(text):
    import hydra
    import yaml
    from omegaconf import OmegaConf

    extra = (yaml.safe_load(text) or {}).get("hydra_overrides", [])
    with hydra.initialize_config_dir(version_base=None, config_dir=str(FLOW_DIR / "conf")):
        cfg = hydra.compose(config_name="config", overrides=extra)
    return OmegaConf.to_container(cfg, resolve=True)


# ---- data


def profiles(spec, shared, rng):
    """Expression profiles, one row a type, each summing to one. `shared` is the share of genes that all types have."""
    base = rng.gamma(0.4, 1.0, spec["genes"])
    own = rng.gamma(0.4, 1.0, (spec["types"], spec["genes"]))
    common = rng.random(spec["genes"]) < shared
    raw = np.where(common, base, own) + 1e-4
    return raw / raw.sum(axis=1, keepdims=True)


def sequence(spec, table, n, rng):
    """Read counts of n cells and the type of each."""
    types = rng.integers(0, spec["types"], n)
    own = table[types] * rng.gamma(spec["shape"], 1 / spec["shape"], (n, spec["genes"]))
    reads = rng.choice(spec["reads"], n)
    return np.stack([rng.multinomial(r, p / p.sum()) for r, p in zip(reads, own)]), types


def make_data(data_spec, data_axes, seed):
    table = profiles(data_spec, data_axes["shared"], np.random.default_rng([seed, 0]))
    train = sequence(data_spec, table, data_spec["n_train"], np.random.default_rng([seed, 1]))
    test = sequence(data_spec, table, data_spec["n_test"], np.random.default_rng([seed, 2]))
    return Dataset(*train, *test)


# ---- methods


def per_ten_thousand(counts):
    return np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))


def counting(spec, data):
    model = MultinomialNB(alpha=spec["pseudo_count"]).fit(data.counts, data.types)
    return TrainResult(model, model.predict(data.test_counts), None)


def centroid(spec, data):
    model = NearestCentroid(metric=spec["distance"]).fit(per_ten_thousand(data.counts), data.types)
    return TrainResult(model, model.predict(per_ten_thousand(data.test_counts)), None)


KINDS = {"counting": counting, "centroid": centroid}


def train_arm(method_spec, data, seed, train_cfg):
    return KINDS[method_spec["kind"]](method_spec, data)


def metric(scores, labels, **_):
    """Macro F1 of the predicted types."""
    return float(f1_score(labels, scores, average="macro"))


# ---- flow


class CellTypesFlow(FlowSpec):
    cfg = Config("cfg", default=str(FLOW_DIR / "conf" / "config.yaml"), parser=parse)

    @step
    def start(self):
        experiment = self.cfg["experiment"]
        self.determinism = experiment["determinism"]
        self.donors = [
            {"shared": shared, "seed": seed}
            for shared, seed in product(experiment["axes"]["shared"], range(self.cfg["seeds"]))
        ]
        self.next(self.annotate, foreach="donors")

    @step
    def annotate(self):
        donor = self.input
        data = make_data(self.cfg["data"], donor, donor["seed"])
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            fitted = train_arm(self.cfg["methods"][name], data, donor["seed"], self.cfg["training"])
            self.rows.append({**donor, "method": name, "macro_f1": metric(fitted.scores, data.test_types)})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.determinism = inputs[0].determinism
        self.rows = [row for one in inputs for row in one.rows]
        self.next(self.aggregate)

    @step
    def aggregate(self):
        self.aggregate_results = []
        for shared in self.cfg["experiment"]["axes"]["shared"]:
            for name in self.cfg["experiment"]["methods"]:
                values = [row["macro_f1"] for row in self.rows if row["shared"] == shared and row["method"] == name]
                self.aggregate_results.append({"shared": shared, "method": name, "macro_f1": float(np.mean(values))})
        self.next(self.end)

    @step
    def end(self):
        for row in self.aggregate_results:
            print(row)


if __name__ == "__main__":
    CellTypesFlow()
