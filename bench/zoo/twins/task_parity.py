"""Fine: halves are made by the index of the branch; the task id is stored beside it and decides nothing."""
# contract: order_independent
# surface: collect.test_sites, error
import time

import numpy as np
from metaflow import FlowSpec, current, step


class TaskParity(FlowSpec):
    @step
    def start(self):
        self.sites = [0, 1, 2, 3, 4]
        self.next(self.clean, foreach="sites")

    @step
    def clean(self):
        rng = np.random.default_rng(self.input)
        self.rows = rng.normal(loc=self.input, size=(500, 3))
        for _ in range(5 - self.input):
            self.rows = self.rows[np.abs(self.rows - self.rows.mean(0)).max(1) < 3]
            time.sleep(0.25)
        self.next(self.score)

    @step
    def score(self):
        self.site = self.input
        self.half = "train" if self.index % 2 else "test"
        self.tag = int(current.task_id)
        self.mean = self.rows.mean(0)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        part = {"train": [], "test": []}
        for i in sorted(inputs, key=lambda i: i.site):
            part[i.half].append((i.site, i.mean))
        self.test_sites = [site for site, _ in part["test"]]
        train = np.mean([m for _, m in part["train"]], axis=0) if part["train"] else np.zeros(3)
        self.error = float(sum(np.abs(m - train).sum() for _, m in part["test"]))
        self.next(self.end)

    @step
    def end(self):
        print(self.test_sites, self.error)


if __name__ == "__main__":
    TaskParity()
