"""Local earthquakes among trucks and footsteps: the classic STA/LTA trigger against a logistic regression.

Each branch is a simulated station. No station is like another, so detectors are fitted and judged per station.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
from metaflow import FlowSpec, Parameter, step
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import scores

MEASURES = {"recall": scores.recall, "false_alarm_rate": scores.false_alarm_rate}


def windows(n, samples, quake_share, truck_share, rng):
    """n windows of ground velocity, and whether each holds an earthquake."""
    t = np.arange(samples)
    ground = rng.normal(size=(n, samples)) * rng.lognormal(0, 0.3, (n, 1))
    quake = rng.random(n) < quake_share
    truck = rng.random(n) < truck_share
    onset = rng.integers(samples // 3, 2 * samples // 3, n)[:, None]
    size = rng.lognormal(1.2, 0.5, n)[:, None]
    after = np.clip(t - onset, 0, None)
    coda = (t >= onset) * np.exp(-after / 40.0) * np.sin(2 * np.pi * 0.11 * after)
    rumble = np.exp(-0.5 * ((t - onset) / 60.0) ** 2) * rng.normal(size=(n, samples))
    ground = ground + quake[:, None] * size * 2.0 * coda + truck[:, None] * size * 0.8 * rumble
    return ground, quake


def sta_lta(ground, short, long):
    """The largest ratio of a short-term to the preceding long-term mean energy in each window."""
    energy = np.cumsum(np.pad(ground**2, ((0, 0), (1, 0))), axis=1)
    ends = np.arange(long + short, ground.shape[1] + 1)
    sta = (energy[:, ends] - energy[:, ends - short]) / short
    lta = (energy[:, ends - short] - energy[:, ends - short - long]) / long
    return (sta / lta).max(axis=1)


def describe(ground, short, long):
    spectrum = np.abs(np.fft.rfft(ground, axis=1)) ** 2
    spectrum /= spectrum.sum(axis=1, keepdims=True)
    bands = np.stack([part.sum(axis=1) for part in np.array_split(spectrum, 4, axis=1)[:3]], axis=1)
    return np.column_stack([np.log(sta_lta(ground, short, long)), bands])


class AlarmsFlow(FlowSpec):
    stations = Parameter("stations", type=int, default=10)
    n_train = Parameter("n-train", type=int, default=1500)
    n_test = Parameter("n-test", type=int, default=3000)
    samples = Parameter("samples", type=int, default=300)
    quake_share = Parameter("quake-share", type=float, default=0.08)
    truck_share = Parameter("truck-share", type=float, default=0.2)
    short = Parameter("short", type=int, default=10)
    long = Parameter("long", type=int, default=80)
    trigger = Parameter("trigger", type=float, default=5.0)
    test_offset = Parameter("test-offset", type=int, default=400)

    @step
    def start(self):
        self.station_list = list(range(self.stations))
        self.next(self.detect, foreach="station_list")

    @step
    def detect(self):
        station = self.input
        shares = self.samples, self.quake_share, self.truck_share
        ground, quake = windows(self.n_train, *shares, np.random.default_rng(station))
        later, truth = windows(self.n_test, *shares, np.random.default_rng(self.test_offset + station))
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
        model.fit(describe(ground, self.short, self.long), quake)
        alarms = {
            "sta_lta": sta_lta(later, self.short, self.long) > self.trigger,
            "logistic": model.predict(describe(later, self.short, self.long)),
        }
        self.rows = [
            {"station": station, "detector": name, **{key: measure(alarm, truth) for key, measure in MEASURES.items()}}
            for name, alarm in alarms.items()
        ]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.end)

    @step
    def end(self):
        """Means over stations."""
        self.table = {}
        for name in ("sta_lta", "logistic"):
            own = [row for row in self.rows if row["detector"] == name]
            self.table[name] = {key: float(np.mean([row[key] for row in own])) for key in MEASURES}
        print(self.table)


if __name__ == "__main__":
    AlarmsFlow()
