"""Can a linear model tell type Ia supernovae from type II as well as a forest, when half the nights are cloudy?

Every survey is simulated. One branch is one photometric error and one seed; both classifiers are fitted on the survey
of their branch and scored on the same held-out curves.
"""

from itertools import product

import numpy as np
from metaflow import FlowSpec, JSONType, Parameter, step
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def nightly_grid(first=-10.0, last=60.0, nights=24):
    """Days from the nominal peak at which the field is visited."""
    return np.linspace(first, last, nights)


def type_ia(t):
    return np.exp(-0.5 * (t / 14.0) ** 2) + 0.25 * np.exp(-0.5 * ((t - 26.0) / 9.0) ** 2)


def type_ii(t):
    return np.where(t < 0, np.exp(-0.5 * (t / 7.0) ** 2), np.exp(-np.abs(t) / 70.0))


def observe(n, sigma, clear_share, rng):
    """Draw n supernovae and look at them through clouds.

    Returns:
        flux of shape (n, nights), zero on cloudy nights, and the class (1 is Ia).
    """
    kind = rng.integers(0, 2, n)
    peak = rng.normal(0.0, 3.0, n)
    stretch = rng.normal(1.0, 0.12, n)
    t = (nightly_grid()[None, :] - peak[:, None]) / stretch[:, None]
    flux = np.where(kind[:, None] == 1, type_ia(t), type_ii(t))
    flux = flux + rng.normal(0.0, sigma, flux.shape)
    clear = rng.random(flux.shape) < clear_share
    return np.where(clear, flux, 0.0), kind


def make_survey(n_train, n_test, sigma, clear_share, seed):
    """The curves to learn from and the curves to be judged on."""
    streams = np.random.SeedSequence(seed).spawn(2)
    train_rng, test_rng = (np.random.default_rng(stream) for stream in streams)
    learn = observe(n_train, sigma, clear_share, train_rng)
    judge = observe(n_test, sigma, clear_share, test_rng)
    return learn, judge


def linear():
    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=500))


def forest(n_trees, seed):
    return RandomForestClassifier(n_estimators=n_trees, min_samples_leaf=3, random_state=seed)


class LightcurveFlow(FlowSpec):
    sigmas = Parameter("sigmas", type=JSONType, default="[0.1, 0.3, 0.5]", help="photometric errors")
    seeds = Parameter("seeds", type=int, default=5)
    n_train = Parameter("n-train", type=int, default=1200)
    n_test = Parameter("n-test", type=int, default=800)
    clear_share = Parameter("clear-share", type=float, default=0.5, help="share of nights without clouds")
    trees = Parameter("trees", type=int, default=200)

    @step
    def start(self):
        self.surveys = [
            {"sigma": sigma, "seed": seed} for sigma, seed in product(self.sigmas, range(self.seeds))
        ]
        self.next(self.classify, foreach="surveys")

    @step
    def classify(self):
        survey = self.input
        (x, y), (x_test, y_test) = make_survey(
            self.n_train, self.n_test, survey["sigma"], self.clear_share, survey["seed"]
        )
        self.row = dict(survey)
        for name, model in (("linear", linear()), ("forest", forest(self.trees, survey["seed"]))):
            model.fit(x, y)
            self.row[name] = float(roc_auc_score(y_test, model.predict_proba(x_test)[:, 1]))
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.rows = [branch.row for branch in inputs]
        self.next(self.summarise)

    @step
    def summarise(self):
        """Mean AUC per photometric error, and the gap between forest and linear model."""
        self.results = []
        for sigma in self.sigmas:
            rows = [row for row in self.rows if row["sigma"] == sigma]
            linear_auc = float(np.mean([row["linear"] for row in rows]))
            forest_auc = float(np.mean([row["forest"] for row in rows]))
            self.results.append(
                {
                    "sigma": sigma,
                    "auc_linear": linear_auc,
                    "auc_forest": forest_auc,
                    "gap": forest_auc - linear_auc,
                    "surveys": len(rows),
                }
            )
        self.next(self.end)

    @step
    def end(self):
        for row in self.results:
            print("sigma {sigma:.1f}  linear {auc_linear:.3f}  forest {auc_forest:.3f}  gap {gap:+.3f}".format(**row))


if __name__ == "__main__":
    LightcurveFlow()
