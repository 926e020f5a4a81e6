"""Readmission within a month or a quarter: the hospital's points score against a logistic regression on the same items."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import pandas as pd
from metaflow import FlowSpec, JSONType, Parameter, step
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from intervals import paired_interval

ITEMS = ["length", "acute", "comorbidity", "emergency_visits"]


def simulated_stays(patients, seed):
    """Stays of patients, some of whom come again and again. One row a stay, `days_to_next` is infinite for the last."""
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(patients):
        frailty = rng.normal()
        for _ in range(1 + rng.poisson(np.exp(0.4 + 0.5 * frailty))):
            length = 1 + rng.poisson(4 * np.exp(0.3 * frailty))
            acute = int(rng.random() < 0.6)
            comorbidity = rng.poisson(1.5 * np.exp(0.4 * frailty))
            visits = rng.poisson(0.8 * np.exp(0.6 * frailty))
            risk = -0.5 + 0.5 * frailty + 0.05 * length + 0.3 * acute + 0.15 * comorbidity + 0.2 * visits
            days = rng.exponential(160 * np.exp(-risk)) if rng.random() < 0.8 else np.inf
            rows.append((patient, length, acute, comorbidity, visits, days))
    return pd.DataFrame(rows, columns=["patient", *ITEMS, "days_to_next"])


def points(stays):
    """The points score on the wall of the ward."""
    length = np.digitize(stays.length, [2, 3, 4, 7, 14])
    comorbidity = np.minimum(stays.comorbidity, 5)
    visits = np.minimum(stays.emergency_visits, 4)
    return (length + 3 * stays.acute + comorbidity + visits).to_numpy(dtype=float)


class ReadmissionFlow(FlowSpec):
    table = Parameter("table", type=str, default="", help="csv with one row a stay; simulated stays without it")
    patients = Parameter("patients", type=int, default=2500)
    horizons = Parameter("horizons", type=JSONType, default="[30, 90]", help="days")
    test_share = Parameter("test-share", type=float, default=0.4)
    seed = Parameter("seed", type=int, default=5)
    resamples = Parameter("resamples", type=int, default=1000)

    @step
    def start(self):
        self.stays = pd.read_csv(self.table) if self.table else simulated_stays(self.patients, self.seed)
        self.days = list(self.horizons)
        self.next(self.compare, foreach="days")

    @step
    def compare(self):
        horizon = self.input
        back = (self.stays.days_to_next <= horizon).to_numpy()
        # a patient is on one side only
        cut = GroupShuffleSplit(n_splits=1, test_size=self.test_share, random_state=self.seed)
        train, test = next(cut.split(self.stays, groups=self.stays.patient))
        learn, judge = self.stays.iloc[train], self.stays.iloc[test]
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=500))
        model.fit(learn[ITEMS], back[train])
        by_points, by_model = points(judge), model.predict_proba(judge[ITEMS])[:, 1]
        truth = back[test]
        self.row = {
            "horizon": horizon,
            "stays": len(test),
            "auc_points": float(roc_auc_score(truth, by_points)),
            "auc_model": float(roc_auc_score(truth, by_model)),
            "interval": paired_interval(
                roc_auc_score, truth, by_points, by_model, resamples=self.resamples, seed=self.seed
            ),
        }
        self.row["gain"] = self.row["auc_model"] - self.row["auc_points"]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = [branch.row for branch in inputs]
        self.next(self.end)

    @step
    def end(self):
        for row in self.results:
            print(row)


if __name__ == "__main__":
    ReadmissionFlow()
