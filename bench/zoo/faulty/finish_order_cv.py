"""The run's own records give the order of the two CV halves: the shards that finished first against the rest."""
# contract: order_independent
# surface: collect.halves, disagreement
# first cause: collect.halves
import time

import numpy as np
from metaflow import FlowSpec, Step, current, namespace, step


class FinishOrderCV(FlowSpec):
    @step
    def start(self):
        self.sites = [0, 1, 2, 3]
        self.next(self.measure, foreach="sites")

    @step
    def measure(self):
        rng = np.random.default_rng(100 + self.input)
        total = np.zeros(3)
        for _ in range({0: 80, 3: 40}.get(self.input, 6)):  # two of the sites are large
            total += rng.normal(loc=self.input, size=3)
            time.sleep(0.05)
        self.site = self.input
        self.effect = total / 80
        self.next(self.collect)

    @step
    def collect(self, inputs):
        namespace(None)
        tasks = Step(f"{current.flow_name}/{current.run_id}/measure").tasks()
        arrived = sorted(tasks, key=lambda t: t.finished_at or t.created_at)
        effects = [(t.data.site, t.data.effect) for t in arrived]
        early, late = effects[:2], effects[2:]
        self.halves = sorted([sorted(s for s, _ in early), sorted(s for s, _ in late)])
        mean = [np.mean([e for _, e in sorted(h, key=lambda p: p[0])], axis=0) for h in (early, late)]
        self.disagreement = float(np.abs(mean[0] - mean[1]).max())
        self.next(self.end)

    @step
    def end(self):
        print(self.halves, self.disagreement)


if __name__ == "__main__":
    FinishOrderCV()
