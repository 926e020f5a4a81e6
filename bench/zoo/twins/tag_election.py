"""Fine: fold 0 is the one that warms up and tags the run; the tag is never asked for an answer."""
# contract: order_independent
# surface: warmups, mean_norm
import time

import numpy as np
from metaflow import FlowSpec, Run, current, namespace, step


class TagElection(FlowSpec):
    @step
    def start(self):
        self.folds = [0, 1, 2, 3]
        self.next(self.fit, foreach="folds")

    @step
    def fit(self):
        namespace(None)
        run = Run(f"{current.flow_name}/{current.run_id}")
        self.warm = self.index == 0
        print("tags so far:", sorted(run.user_tags))
        time.sleep(0.5 if self.warm else 0.1)
        rng = np.random.default_rng(11)
        self.norm = float(np.linalg.norm(rng.normal(size=(20, 200 if self.warm else 20)).mean(1)))
        if self.warm:
            try:
                run.add_tag("warm")
            except Exception as error:  # another fold wrote the record at the same moment
                print("tag:", error)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.warmups = sum(i.warm for i in inputs)
        self.mean_norm = float(np.mean(sorted(i.norm for i in inputs)))
        self.next(self.end)

    @step
    def end(self):
        print(self.warmups, self.mean_norm)


if __name__ == "__main__":
    TagElection()
