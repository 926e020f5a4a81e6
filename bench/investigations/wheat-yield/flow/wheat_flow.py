"""Wheat yields of farms from weekly weather: how much does the penalty matter to each of two regressions?

Fans out over districts. In each, both regressions are fitted for every penalty on the same years.
"""

import numpy as np
from metaflow import FlowSpec, JSONType, Parameter, step
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge


class District:
    """Farms of a district over some years: weekly rain and warmth of the season, and the yield in tonnes per hectare."""

    def __init__(self, number, farms, years, weeks):
        rng = np.random.default_rng(600 + number)
        soil = rng.normal(6.5, 0.6, farms)
        season = rng.normal(size=(years, 2 * weeks))
        for week in range(1, weeks):
            for start in (0, weeks):
                season[:, start + week] += 0.6 * season[:, start + week - 1]
        local = season[None] + 0.3 * rng.normal(size=(farms, years, 2 * weeks))
        rain, warmth = local[:, :, :weeks], local[:, :, weeks:]
        filling = slice(weeks // 2, weeks)
        gain = 0.25 * rain[:, :, :6].mean(axis=2) - 0.5 * warmth[:, :, filling].mean(axis=2) ** 2
        drought = -0.8 * np.clip(-rain[:, :, filling].mean(axis=2), 0, None) * (warmth[:, :, filling].mean(axis=2) > 0)
        noise = 0.25 * rng.normal(size=(farms, years))
        self.x = local
        self.y = soil[:, None] + gain + drought + noise

    def years(self, first, last):
        """The rows of the years first to last - 1, with the farm's mean yield of the years before taken off."""
        x = self.x[:, first:last].reshape(-1, self.x.shape[2])
        return x, (self.y[:, first:last] - self.y[:, :first].mean(axis=1, keepdims=True)).ravel()


def regressions(penalty, gamma):
    return {
        "linear": Ridge(alpha=penalty),
        "kernel": KernelRidge(kernel="rbf", gamma=gamma, alpha=penalty),
    }


def rmse(model, x, y):
    return float(np.sqrt(np.mean((model.predict(x) - y) ** 2)))


class WheatFlow(FlowSpec):
    districts = Parameter("districts", type=int, default=8)
    farms = Parameter("farms", type=int, default=20)
    years = Parameter("years", type=int, default=30)
    weeks = Parameter("weeks", type=int, default=20)
    warm_up = Parameter("warm-up", type=int, default=5, help="years for the mean yield of a farm only")
    val_years = Parameter("val-years", type=int, default=4)
    test_years = Parameter("test-years", type=int, default=6)
    penalties = Parameter("penalties", type=JSONType, default="[0.01, 0.1, 1.0, 10.0, 100.0]")
    gamma = Parameter("gamma", type=float, default=0.01)

    @step
    def start(self):
        self.numbers = list(range(self.districts))
        self.next(self.district, foreach="numbers")

    @step
    def district(self):
        here = District(self.input, self.farms, self.years, self.weeks)
        test_from = self.years - self.test_years
        val_from = test_from - self.val_years
        x, y = here.years(self.warm_up, val_from)
        x_val, y_val = here.years(val_from, test_from)
        x_test, y_test = here.years(test_from, self.years)
        self.rows = []
        for penalty in self.penalties:
            for name, model in regressions(penalty, self.gamma).items():
                model.fit(x, y)
                self.rows.append(
                    {
                        "district": self.input,
                        "method": name,
                        "penalty": penalty,
                        "val_rmse": rmse(model, x_val, y_val),
                        "test_rmse": rmse(model, x_test, y_test),
                    }
                )
        self.next(self.join)

    @step
    def join(self, inputs):
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.analyse)

    @step
    def analyse(self):
        self.next(self.tabulate, self.sensitivity)

    @step
    def tabulate(self):
        """Both errors of every method at every penalty, averaged over districts."""
        self.table = []
        for penalty in self.penalties:
            for name in ("linear", "kernel"):
                own = [row for row in self.rows if row["penalty"] == penalty and row["method"] == name]
                means = {key: float(np.mean([row[key] for row in own])) for key in ("val_rmse", "test_rmse")}
                self.table.append({"method": name, "penalty": penalty, **means})
        self.next(self.report)

    @step
    def sensitivity(self):
        """How far apart the largest and the smallest test error over the penalties lie, averaged over districts."""
        self.span = {}
        for name in ("linear", "kernel"):
            spans = []
            for district in range(self.districts):
                own = [r["test_rmse"] for r in self.rows if r["district"] == district and r["method"] == name]
                spans.append(max(own) - min(own))
            self.span[name] = float(np.mean(spans))
        self.next(self.report)

    @step
    def report(self, inputs):
        self.table = inputs.tabulate.table
        self.span = inputs.sensitivity.span
        self.next(self.end)

    @step
    def end(self):
        print(*self.table, self.span, sep="\n")


if __name__ == "__main__":
    WheatFlow()
