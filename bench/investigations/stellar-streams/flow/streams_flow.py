# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow>=2.16", "hydra-core>=1.3", "numpy", "scikit-learn"]
# ///
"""Stellar streams in energy, angular momentum and metallicity: k-means against a Gaussian mixture."""

# ruff: noqa: E402
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

from typing import NamedTuple

import numpy as np
from metaflow import Config, FlowSpec, step
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture


def read_config(text):
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf
    import yaml

    asked = yaml.safe_load(text) or {}
    with initialize_config_dir(config_dir=str(HERE / "conf"), version_base=None):
        return OmegaConf.to_container(compose("config", overrides=asked.get("hydra_overrides", [])), resolve=True)


class Dataset(NamedTuple):
    stars: np.ndarray  # (stars, 3), standardised
    stream: np.ndarray  # the stream of each star, 0 for the field


class TrainResult(NamedTuple):
    model: object
    scores: np.ndarray
    val_score: float


def make_data(data_spec, data_axes, seed):
    """Streams as stretched, tilted clouds, over a broad field of stars that belong to none."""
    rng = np.random.default_rng(seed)
    clouds, names = [rng.normal(0, data_spec["field_width"], (data_spec["field"], 3))], [np.zeros(data_spec["field"], int)]
    for number in range(1, data_axes["streams"] + 1):
        centre = rng.normal(0, 2.0, 3)
        axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        spread = np.array([data_spec["long"], data_spec["short"], data_spec["short"]])
        members = int(rng.integers(data_spec["fewest"], data_spec["most"]))
        clouds.append(centre + (rng.normal(size=(members, 3)) * spread) @ axes.T)
        names.append(np.full(members, number))
    stars = np.vstack(clouds)
    return Dataset((stars - stars.mean(axis=0)) / stars.std(axis=0), np.concatenate(names))


def fit_kmeans(spec, data, groups, seed, cfg):
    return KMeans(groups, n_init=spec["starts"], max_iter=cfg["iterations"], random_state=seed).fit(data.stars)


def fit_mixture(spec, data, groups, seed, cfg):
    mixture = GaussianMixture(
        groups, covariance_type=spec["covariance"], n_init=spec["starts"], max_iter=cfg["iterations"], random_state=seed
    )
    return mixture.fit(data.stars)


CLUSTERERS = {"kmeans": fit_kmeans, "mixture": fit_mixture}


def train_arm(method_spec, data, seed, train_cfg):
    groups = int(data.stream.max()) + 1
    model = CLUSTERERS[method_spec["kind"]](method_spec, data, groups, seed, train_cfg)
    return TrainResult(model, model.predict(data.stars), None)


def metric(scores, labels, **_):
    """Adjusted Rand index between the groups found and the streams, field included as a group of its own."""
    return float(adjusted_rand_score(labels, scores))


class StreamsFlow(FlowSpec):
    cfg = Config("cfg", default=str(HERE / "conf" / "config.yaml"), parser=read_config)

    @step
    def start(self):
        self.determinism = self.cfg["experiment"]["determinism"]
        counts = self.cfg["experiment"]["axes"]["streams"]
        self.halos = [{"streams": count, "seed": seed} for count in counts for seed in range(self.cfg["seeds"])]
        self.next(self.cluster, foreach="halos")

    @step
    def cluster(self):
        halo = self.input
        data = make_data(self.cfg["data"], {"streams": halo["streams"]}, halo["seed"])
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            found = train_arm(self.cfg["methods"][name], data, halo["seed"], self.cfg["training"])
            self.rows.append({**halo, "method": name, "ari": metric(found.scores, data.stream)})
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.determinism = inputs[0].determinism
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.aggregate)

    @step
    def aggregate(self):
        self.aggregate_results, self.lift_results = [], []
        for count in self.cfg["experiment"]["axes"]["streams"]:
            mean = {}
            for name in self.cfg["experiment"]["methods"]:
                values = [row["ari"] for row in self.rows if row["streams"] == count and row["method"] == name]
                mean[name] = float(np.mean(values))
                self.aggregate_results.append({"streams": count, "method": name, "ari": mean[name]})
            self.lift_results.append({"streams": count, "lift": mean["mixture"] - mean["kmeans"]})
        self.next(self.end)

    @step
    def end(self):
        print(self.lift_results)


if __name__ == "__main__":
    StreamsFlow()
