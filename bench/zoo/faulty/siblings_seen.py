"""A fold asks the run which of its siblings are finished and builds the vocabulary if none is: one builder in any serial order, several when they overlap."""
# contract: order_independent
# surface: builders, weight
# first cause: collect.builders
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
        siblings = Step(f"{current.flow_name}/{current.run_id}/fit").tasks()
        ready = [t for t in siblings if t.id != current.task_id and t.finished]
        self.built = not ready  # the first one pays for the vocabulary
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
