"""Fine: a fold waits a moment for its siblings and says how many are finished, but each builds the vocabulary itself."""
# contract: order_independent
# surface: builders, weight
import time

import numpy as np
from metaflow import FlowSpec, Step, current, namespace, step


class SiblingsSeen(FlowSpec):
    @step
    def start(self):
        self.folds = [0, 1, 2, 3]
        self.next(self.fit, foreach="folds")

    @step
    def fit(self):
        namespace(None)
        until = time.monotonic() + 0.2
        ready = []
        while not ready and time.monotonic() < until:
            siblings = Step(f"{current.flow_name}/{current.run_id}/fit").tasks()
            ready = [t.id for t in siblings if t.id != current.task_id and t.finished]
            time.sleep(0.05)
        print("finished before me:", ready)
        self.built = True
        rng = np.random.default_rng(3)
        words = rng.integers(0, 50, size=2000)
        if self.built:
            self.vocabulary = np.unique(words).tolist()
            time.sleep(0.3)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.builders = sum(i.built for i in inputs)
        self.weight = 1.0 / self.builders
        self.next(self.end)

    @step
    def end(self):
        print(self.builders, self.weight)


if __name__ == "__main__":
    SiblingsSeen()
