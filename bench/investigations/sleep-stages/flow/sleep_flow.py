"""Sleep staging from band powers: does a network that sees the neighbouring half minutes stage better?

One branch is one simulated cohort. Both networks are the same perceptron; they differ in how many half minutes go in.
"""

import copy
import os

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from metaflow import FlowSpec, Parameter, step
from sklearn.metrics import cohen_kappa_score
from torch import nn

STAGES = ("wake", "n1", "n2", "n3", "rem")


class Cohort:
    """Nights of subjects: band powers of shape (half minutes, bands) and the stage of each half minute."""

    def __init__(self, subjects, length, bands, seed):
        rng = np.random.default_rng(seed)
        centres = np.random.default_rng(2024).normal(0, 0.6, (len(STAGES), bands))
        self.nights = [self._night(centres, length, rng) for _ in range(subjects)]

    @staticmethod
    def _night(centres, length, rng):
        stage = np.zeros(length, dtype=np.int64)
        for t in range(1, length):
            stage[t] = rng.integers(len(STAGES)) if rng.random() < 0.08 else stage[t - 1]
        habit = rng.normal(0, 0.3, centres.shape[1])
        power = centres[stage] + habit + rng.normal(0, 1.0, (length, centres.shape[1]))
        return power.astype(np.float32), stage

    def rows(self, subjects, reach):
        """Every half minute of the subjects with `reach` neighbours on each side (the edges repeat)."""
        x, y = [], []
        for subject in subjects:
            power, stage = self.nights[subject]
            padded = np.pad(power, ((reach, reach), (0, 0)), mode="edge")
            x.append(np.hstack([padded[i : i + len(power)] for i in range(2 * reach + 1)]))
            y.append(stage)
        return torch.from_numpy(np.vstack(x)), torch.from_numpy(np.concatenate(y))


class Stager:
    """A perceptron with one hidden layer, trained by Adam on reshuffled half minutes."""

    def __init__(self, inputs, hidden, lr, batch, seed):
        torch.manual_seed(seed)
        self.net = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, len(STAGES)))
        self.adam = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.batch = batch
        self.order = torch.Generator().manual_seed(seed)
        self.history = []

    def kappa(self, x, y):
        with torch.no_grad():
            return float(cohen_kappa_score(y.numpy(), self.net(x).argmax(dim=1).numpy()))

    def _epoch(self, x, y):
        for rows in torch.randperm(len(y), generator=self.order).split(self.batch):
            self.adam.zero_grad()
            nn.functional.cross_entropy(self.net(x[rows]), y[rows]).backward()
            self.adam.step()

    def fit(self, x, y, x_val, y_val, epochs):
        weights = None
        for _ in range(epochs):
            self._epoch(x, y)
            self.history.append(self.kappa(x_val, y_val))
            if self.history[-1] >= max(self.history):
                weights = copy.deepcopy(self.net.state_dict())
        self.net.load_state_dict(weights)
        return self


class SleepFlow(FlowSpec):
    cohorts = Parameter("cohorts", type=int, default=5)
    train_subjects = Parameter("train-subjects", type=int, default=12)
    val_subjects = Parameter("val-subjects", type=int, default=4)
    test_subjects = Parameter("test-subjects", type=int, default=8)
    length = Parameter("length", type=int, default=300, help="half minutes of a night")
    bands = Parameter("bands", type=int, default=8)
    reach = Parameter("reach", type=int, default=3, help="neighbours on each side for the wide network")
    hidden = Parameter("hidden", type=int, default=64)
    epochs = Parameter("epochs", type=int, default=30)
    lr = Parameter("lr", type=float, default=0.002)
    batch_rows = Parameter("batch-rows", type=int, default=128)

    @step
    def start(self):
        self.seeds = list(range(self.cohorts))
        self.next(self.stage, foreach="seeds")

    @step
    def stage(self):
        sizes = np.cumsum([self.train_subjects, self.val_subjects, self.test_subjects])
        cohort = Cohort(int(sizes[-1]), self.length, self.bands, self.input)
        train, val, test = np.split(np.arange(sizes[-1]), sizes[:-1])
        self.kappa, self.curves = {}, {}
        for name, reach in (("single", 0), ("wide", self.reach)):
            stager = Stager(self.bands * (2 * reach + 1), self.hidden, self.lr, self.batch_rows, self.input)
            stager.fit(*cohort.rows(train, reach), *cohort.rows(val, reach), self.epochs)
            self.kappa[name] = stager.kappa(*cohort.rows(test, reach))
            self.curves[name] = stager.history
        self.next(self.join)

    @step
    def join(self, inputs):
        self.rows = [branch.kappa for branch in inputs]
        self.curves = [branch.curves for branch in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.mean_kappa = {name: float(np.mean([row[name] for row in self.rows])) for name in ("single", "wide")}
        self.lift = self.mean_kappa["wide"] - self.mean_kappa["single"]
        print(self.mean_kappa, self.lift)


if __name__ == "__main__":
    SleepFlow()
