"""Ratings are weighted by their age in whole weeks as of the newest rating; today's date only heads the report, off the surface."""
# contract: order_independent
# surface: scores
from datetime import date, timedelta

import numpy as np
from metaflow import FlowSpec, step


class DecayFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(21)
        first = date(2024, 1, 1)
        self.rows = [(f"item{int(rng.integers(4))}", int(rng.integers(1, 6)), first + timedelta(days=int(d))) for d in rng.integers(0, 400, size=60)]
        self.next(self.weigh)

    @step
    def weigh(self):
        today = date.today()
        self.title = f"Ratings as of {today:%d %B %Y}"
        self.as_of = max(when for _, _, when in self.rows)
        self.weights = [round(0.97 ** ((self.as_of - when).days // 7), 6) for _, _, when in self.rows]
        self.next(self.rate)

    @step
    def rate(self):
        top, base = {}, {}
        for (item, stars, _), w in zip(self.rows, self.weights):
            top[item] = top.get(item, 0.0) + w * stars
            base[item] = base.get(item, 0.0) + w
        self.scores = {item: round(top[item] / base[item], 4) for item in sorted(top)}
        self.next(self.end)

    @step
    def end(self):
        print(self.title, self.scores)


if __name__ == "__main__":
    DecayFlow()
