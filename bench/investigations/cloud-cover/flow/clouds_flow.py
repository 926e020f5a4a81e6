"""Cloud cover three hours ahead, for a handful of stations.

Every station is a branch. Both networks and persistence are judged on the last quarter of the station's record.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import torch
from metaflow import FlowSpec, Parameter, step

from nets import FORECASTERS


def station_record(station, hours):
    """An hourly record of cloud cover between 0 and 1: slow weather, a daily cycle and sudden fronts."""
    rng = np.random.default_rng(4000 + station)
    slow = np.zeros(hours)
    for t in range(1, hours):
        slow[t] = 0.97 * slow[t - 1] + rng.normal(0, 0.18)
        if rng.random() < 0.01:
            slow[t] += rng.choice([-1.5, 1.5])
    daily = 0.4 * np.sin(2 * np.pi * (np.arange(hours) - 9) / 24)
    return (1 / (1 + np.exp(-(slow + daily)))).astype(np.float32)


def windows(record, width, lead):
    """Inputs of the last `width` hours, the newest one last, and the cover `lead` hours after it."""
    last = len(record) - lead
    x = np.stack([record[t - width : t] for t in range(width, last + 1)])
    y = record[width + lead - 1 :][: len(x)]
    return torch.from_numpy(x), torch.from_numpy(y.copy())


class CloudsFlow(FlowSpec):
    stations = Parameter("stations", default=6, type=int)
    hours = Parameter("hours", default=3000, type=int)
    width = Parameter("width", default=12, type=int)
    lead = Parameter("lead", default=3, type=int)
    hidden = Parameter("hidden", default=24, type=int)
    epochs = Parameter("epochs", default=15, type=int)
    lr = Parameter("lr", default=0.02, type=float)
    size = Parameter("batch", default=64, type=int)
    seeds = Parameter("seeds", default=3, type=int)

    @step
    def start(self):
        self.station_numbers = list(range(self.stations))
        self.next(self.forecast, foreach="station_numbers")

    @step
    def forecast(self):
        torch.set_num_threads(1)
        self.station = self.input
        x, y = windows(station_record(self.station, self.hours), self.width, self.lead)
        # no window of the training part reaches into the test part
        split = int(0.75 * len(y))
        train, test = slice(0, split - self.width - self.lead), slice(split, None)
        self.errors = {"persistence": float((x[test][:, -1] - y[test]).abs().mean())}
        for name, fit in FORECASTERS.items():
            runs = []
            for seed in range(self.seeds):
                predict = fit(
                    x[train], y[train], hidden=self.hidden, epochs=self.epochs, lr=self.lr, size=self.size, seed=seed
                )
                with torch.no_grad():
                    runs.append(float((predict(x[test]) - y[test]).abs().mean()))
            self.errors[name] = sum(runs) / len(runs)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.table = [{"station": branch.station, **branch.errors} for branch in inputs]
        self.next(self.end)

    @step
    def end(self):
        """Skill against persistence, averaged over stations."""
        self.skill = {
            name: float(np.mean([1 - row[name] / row["persistence"] for row in self.table])) for name in FORECASTERS
        }
        self.residual_gain = self.skill["residual"] - self.skill["direct"]
        print(self.skill, self.residual_gain)


if __name__ == "__main__":
    CloudsFlow()
