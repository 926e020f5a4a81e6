"""Who gets a letter? Churn of mobile contracts with and without the call records.

Run with a customer table (`--customers customers.csv`) or without, on simulated customers.
"""

import numpy as np
import pandas as pd
from metaflow import FlowSpec, Parameter, step
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import brier_score_loss, f1_score, precision_score, recall_score
from sklearn.model_selection import train_test_split

CONTRACT = ["tenure", "monthly_fee", "has_fibre", "n_lines", "late_payments"]
CALLS = ["minutes_out", "minutes_in", "hotline_calls", "roaming_days", "silent_days"]


def simulate(n, seed):
    """Customers who leave when they pay much, call the hotline, or have gone silent."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "tenure": rng.exponential(30, n).round(),
            "monthly_fee": rng.normal(28, 8, n).clip(5),
            "has_fibre": rng.integers(0, 2, n),
            "n_lines": 1 + rng.poisson(0.5, n),
            "late_payments": rng.poisson(0.3, n),
            "minutes_out": rng.gamma(2, 60, n),
            "minutes_in": rng.gamma(2, 70, n),
            "hotline_calls": rng.poisson(0.6, n),
            "roaming_days": rng.poisson(1.0, n),
            "silent_days": rng.binomial(30, 0.15, n),
        }
    )
    pull = -3.4 - 0.02 * table.tenure + 0.05 * table.monthly_fee + 0.5 * table.late_payments
    pull += 0.7 * table.hotline_calls + 0.12 * table.silent_days
    table["churned"] = (rng.random(n) < 1 / (1 + np.exp(-pull))).astype(int)
    return table


def three_parts(table, seed):
    """60 % training, 20 % validation, 20 % test, stratified by churn."""
    train, rest = train_test_split(table, test_size=0.4, stratify=table.churned, random_state=seed)
    val, test = train_test_split(rest, test_size=0.5, stratify=rest.churned, random_state=seed)
    return train, val, test


def letters(p, truth):
    """The cut in the predicted probability from which a customer is written to."""
    cuts = np.linspace(0.05, 0.95, 19)
    return float(cuts[int(np.argmax([f1_score(truth, p >= cut) for cut in cuts]))])


class ChurnFlow(FlowSpec):
    customers = Parameter("customers", type=str, default="")
    n = Parameter("n", type=int, default=6000, help="simulated customers, if there is no table")
    cuts = Parameter("cuts", type=int, default=6, help="random cuts of the table")
    trees = Parameter("trees", type=int, default=300)
    leaf = Parameter("leaf", type=int, default=10)

    @step
    def start(self):
        self.table = pd.read_csv(self.customers) if self.customers else simulate(self.n, seed=77)
        self.seeds = list(range(self.cuts))
        self.next(self.fit, foreach="seeds")

    @step
    def fit(self):
        train, val, test = three_parts(self.table, self.input)
        self.rows = []
        for name, columns in (("contract", CONTRACT), ("contract_and_calls", CONTRACT + CALLS)):
            forest = RandomForestClassifier(self.trees, min_samples_leaf=self.leaf, random_state=self.input)
            forest.fit(train[columns], train.churned)
            p_val = forest.predict_proba(val[columns])[:, 1]
            written_to = forest.predict_proba(test[columns])[:, 1] >= letters(p_val, val.churned)
            self.rows.append(
                {
                    "columns": name,
                    "cut": self.input,
                    "f1": float(f1_score(test.churned, written_to)),
                    "precision": float(precision_score(test.churned, written_to, zero_division=0)),
                    "recall": float(recall_score(test.churned, written_to)),
                    "letters": float(written_to.mean()),
                    "brier": float(brier_score_loss(val.churned, p_val)),
                }
            )
        self.next(self.join)

    @step
    def join(self, inputs):
        self.rows = [row for branch in inputs for row in branch.rows]
        self.next(self.report)

    @step
    def report(self):
        """Means over the cuts, the columns of the letter."""
        measures = ["f1", "precision", "recall", "letters", "brier"]
        self.means = pd.DataFrame(self.rows).groupby("columns", sort=True)[measures].mean().to_dict(orient="index")
        self.gain = self.means["contract_and_calls"]["f1"] - self.means["contract"]["f1"]
        self.next(self.end)

    @step
    def end(self):
        for name, row in self.means.items():
            print(name, {key: round(value, 3) for key, value in row.items()})
        print(f"gain {self.gain:+.3f}")


if __name__ == "__main__":
    ChurnFlow()
