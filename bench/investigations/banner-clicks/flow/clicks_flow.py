"""Click prediction on a week of banner impressions: per-coordinate FTRL against plain stochastic gradient descent.

    python clicks_flow.py run --weeks 8
"""

import numpy as np
from metaflow import FlowSpec, Parameter, step
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-np.clip(z, -30, 30)))


class Week:
    """A simulated log of impressions in the order in which they were served."""

    def __init__(self, impressions, fields, buckets, seed):
        rng = np.random.default_rng(seed)
        self.buckets = buckets
        popular = rng.zipf(1.4, size=(impressions, fields)) % (buckets // fields)
        self.active = popular + np.arange(fields) * (buckets // fields)
        taste = rng.normal(0, 0.6, buckets)
        drift = rng.normal(0, 0.6, buckets)
        self.day = np.arange(impressions) * 7 // impressions
        age = np.arange(impressions)[:, None] / impressions
        logit = -2.5 + (taste[self.active] + age * drift[self.active]).sum(axis=1)
        self.click = (rng.random(impressions) < sigmoid(logit)).astype(int)

    def sparse(self, rows):
        active = self.active[rows]
        pointer = np.arange(0, active.size + 1, active.shape[1])
        return csr_matrix((np.ones(active.size), active.ravel(), pointer), shape=(len(active), self.buckets))


def run_ftrl(active, click, buckets, alpha, beta, l1, l2, passes):
    """Proximal FTRL, one impression at a time. Returns the weights."""
    z, n, w = np.zeros(buckets), np.zeros(buckets), np.zeros(buckets)
    for _ in range(passes):
        for index, y in zip(active, click):
            zi, ni = z[index], n[index]
            shrunk = np.sign(zi) * l1 - zi
            w[index] = np.where(np.abs(zi) <= l1, 0.0, shrunk / ((beta + np.sqrt(ni)) / alpha + l2))
            g = sigmoid(w[index].sum()) - y
            sigma = (np.sqrt(ni + g * g) - np.sqrt(ni)) / alpha
            z[index] += g - sigma * w[index]
            n[index] += g * g
    return w


def run_sgd(x, click, rate, penalty, passes, seed):
    """Logistic regression by stochastic gradient descent at a constant rate."""
    model = SGDClassifier(
        loss="log_loss", alpha=penalty, learning_rate="constant", eta0=rate, max_iter=passes, tol=None, random_state=seed
    )
    return model.fit(x, click)


def normalised_entropy(p, click):
    """Log loss as a share of the log loss of the constant click rate."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    rate = click.mean()
    loss = -(click * np.log(p) + (1 - click) * np.log(1 - p)).mean()
    return float(loss / -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))


class ClicksFlow(FlowSpec):
    weeks = Parameter("weeks", default=8, help="simulated weeks, one branch each")
    impressions = Parameter("impressions", default=14000)
    fields = Parameter("fields", default=8)
    buckets = Parameter("buckets", default=4096)
    passes = Parameter("passes", default=3)
    rate = Parameter("rate", default=0.02)
    penalty = Parameter("penalty", default=1e-6)
    ftrl_alpha = Parameter("ftrl-alpha", default=0.1)
    ftrl_beta = Parameter("ftrl-beta", default=1.0)
    ftrl_l1 = Parameter("ftrl-l1", default=0.5)
    ftrl_l2 = Parameter("ftrl-l2", default=1.0)

    @step
    def start(self):
        self.week_seeds = list(range(self.weeks))
        self.next(self.replay, foreach="week_seeds")

    @step
    def replay(self):
        week = Week(self.impressions, self.fields, self.buckets, self.input)
        past, today = np.flatnonzero(week.day < 6), np.flatnonzero(week.day == 6)
        w = run_ftrl(
            week.active[past], week.click[past], self.buckets,
            self.ftrl_alpha, self.ftrl_beta, self.ftrl_l1, self.ftrl_l2, self.passes,
        )
        sgd = run_sgd(week.sparse(past), week.click[past], self.rate, self.penalty, self.passes, self.input)
        truth = week.click[today]
        self.ne = {
            "ftrl": normalised_entropy(sigmoid(w[week.active[today]].sum(axis=1)), truth),
            "sgd": normalised_entropy(sgd.predict_proba(week.sparse(today))[:, 1], truth),
        }
        self.next(self.join)

    @step
    def join(self, inputs):
        self.rows = [branch.ne for branch in inputs]
        self.next(self.end)

    @step
    def end(self):
        self.ftrl_ne = float(np.mean([row["ftrl"] for row in self.rows]))
        self.sgd_ne = float(np.mean([row["sgd"] for row in self.rows]))
        self.gain = self.sgd_ne - self.ftrl_ne
        print(f"FTRL {self.ftrl_ne:.4f}  SGD {self.sgd_ne:.4f}  gain {self.gain:+.4f}")


if __name__ == "__main__":
    ClicksFlow()
