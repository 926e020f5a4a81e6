"""Events are grouped by datetime.fromtimestamp(): by the local day of whoever runs it."""
# contract: order_independent
# surface: busiest, n_days
# first cause: group.days
from datetime import datetime

import numpy as np
import pandas as pd
from metaflow import FlowSpec, step


class DaysFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(15)
        self.stamps = sorted(int(s) for s in 1_700_000_000 + rng.integers(0, 20 * 86400, size=300))
        self.next(self.group)

    @step
    def group(self):
        self.days = [str(datetime.fromtimestamp(s).date()) for s in self.stamps]
        self.printed = f"grouped at {datetime.now():%H:%M}"
        self.next(self.count)

    @step
    def count(self):
        counts = pd.Series(self.days).value_counts().sort_index()
        self.busiest = {day: int(n) for day, n in counts.sort_values(ascending=False, kind="stable").head(5).items()}
        self.n_days = len(counts)
        self.next(self.end)

    @step
    def end(self):
        print(self.busiest, self.n_days, self.printed)


if __name__ == "__main__":
    DaysFlow()
