# /// script
# requires-python = ">=3.11"
# dependencies = ["metaflow>=2.16", "hydra-core>=1.3", "numpy", "scikit-learn"]
# ///
"""Day-ahead prediction intervals for a photovoltaic park: hourly climatology against boosted quantiles."""

import os
import sys
from collections import namedtuple
from itertools import product
from pathlib import Path

BASE = Path(__file__).resolve().parent
sys.path.insert(0, str(BASE))
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from metaflow import Config, FlowSpec, step


def composed(text):
    import yaml
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    settings = yaml.safe_load(text) or {}
    with initialize_config_dir(config_dir=str(BASE / "conf"), version_base=None):
        cfg = compose(config_name="config", overrides=settings.get("hydra_overrides", []))
    return OmegaConf.to_container(cfg, resolve=True)


# x: features of shape (hours, 4); y: power as a share of capacity; hour: 0 to 23; lit: whether the sun is up
Part = namedtuple("Part", "x y hour lit")
Dataset = namedtuple("Dataset", "train test")
TrainResult = namedtuple("TrainResult", "model scores val_score")


def record(spec, turbulence, days, rng):
    """`days` days of a park, hour by hour, with the cloud forecast of the evening before."""
    hour = np.tile(np.arange(24), days)
    clear = np.clip(np.sin(np.pi * (hour - 5.5) / 13.0), 0, None) ** 1.2
    clear[(hour < 6) | (hour > 18)] = 0.0
    cover = np.repeat(rng.beta(1.2, 1.2, days), 24) + turbulence * rng.normal(size=hour.size)
    cover = np.clip(cover, 0, 1)
    forecast = np.clip(cover + spec["forecast_error"] * rng.normal(size=hour.size), 0, 1)
    power = clear * (1 - 0.75 * cover**2)
    before = np.roll(power, 24)
    before[:24] = 0.0
    x = np.column_stack([clear, forecast, before, hour])
    return Part(x, power, hour, clear > spec["sun_up"])


def make_data(data_spec, data_axes, seed):
    train = record(data_spec, data_axes["turbulence"], data_spec["train_days"], np.random.default_rng([seed, 11]))
    test = record(data_spec, data_axes["turbulence"], data_spec["test_days"], np.random.default_rng([seed, 12]))
    return Dataset(train, test)


def climatology(spec, data, seed, cfg):
    """Empirical quantiles of each hour of the day."""
    edges = np.zeros((2, 24))
    for hour in np.unique(data.train.hour[data.train.lit]):
        edges[:, hour] = np.quantile(data.train.y[data.train.lit & (data.train.hour == hour)], cfg["quantiles"])
    return edges, edges[:, data.test.hour]


def boosted(spec, data, seed, cfg):
    """One boosted model per quantile, on hours with sun; power is zero by night."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    models, edges = [], np.zeros((2, data.test.y.size))
    for edge, quantile in zip(edges, cfg["quantiles"]):
        model = HistGradientBoostingRegressor(
            loss="quantile", quantile=quantile, max_iter=spec["stages"], max_leaf_nodes=spec["leaves"],
            learning_rate=spec["rate"], early_stopping=False, random_state=seed,
        )
        models.append(model.fit(data.train.x[data.train.lit], data.train.y[data.train.lit]))
        edge[data.test.lit] = model.predict(data.test.x[data.test.lit])
    return models, edges


KINDS = {"climatology": climatology, "boosted": boosted}


def train_arm(method_spec, data, seed, train_cfg):
    model, edges = KINDS[method_spec["kind"]](method_spec, data, seed, train_cfg)
    return TrainResult(model, edges, None)


def metric(scores, labels, **_):
    """Coverage: the share of hours whose power lies in the interval."""
    low, high = scores
    return float(np.mean((low <= labels) & (labels <= high)))


def width(scores, lit):
    """Mean width of the interval while the sun is up."""
    return float((scores[1] - scores[0])[lit].mean())


class SolarFlow(FlowSpec):
    cfg = Config("cfg", default=str(BASE / "conf" / "config.yaml"), parser=composed)

    @step
    def start(self):
        self.determinism = self.cfg["experiment"]["determinism"]
        levels = self.cfg["experiment"]["axes"]["turbulence"]
        self.parks = [{"turbulence": level, "seed": seed} for level, seed in product(levels, range(self.cfg["seeds"]))]
        self.next(self.park, foreach="parks")

    @step
    def park(self):
        data = make_data(self.cfg["data"], self.input, self.input["seed"])
        self.rows = []
        for name in self.cfg["experiment"]["methods"]:
            arm = train_arm(self.cfg["methods"][name], data, self.input["seed"], self.cfg["training"])
            coverage = metric(arm.scores, data.test.y)
            self.rows.append(
                {**self.input, "method": name, "coverage": coverage, "width": width(arm.scores, data.test.lit)}
            )
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.determinism = inputs[0].determinism
        self.rows = [row for one in inputs for row in one.rows]
        self.next(self.aggregate)

    @step
    def aggregate(self):
        self.aggregate_results = []
        experiment = self.cfg["experiment"]
        for level, name in product(experiment["axes"]["turbulence"], experiment["methods"]):
            own = [row for row in self.rows if (row["turbulence"], row["method"]) == (level, name)]
            means = {key: float(np.mean([row[key] for row in own])) for key in ("coverage", "width")}
            self.aggregate_results.append({"turbulence": level, "method": name, **means})
        self.next(self.end)

    @step
    def end(self):
        for row in self.aggregate_results:
            print(row)


if __name__ == "__main__":
    SolarFlow()
