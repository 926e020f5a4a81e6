"""The best configuration of a data set is kept under a proper lock, and equal scores are decided by the configuration's number."""
# contract: order_independent
# surface: chosen

import fcntl
import json
import os
import tempfile

from metaflow import FlowSpec, step

DATA = {
    "moons": ([1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 1, 0, 1, 1, 1, 1]),
    "rings": ([2, 3, 3, 4, 6, 7, 8, 9], [0, 0, 0, 1, 1, 0, 1, 1]),
}
THRESHOLDS = [2, 4, 5]


def accuracy(name, threshold):
    x, y = DATA[name]
    return sum((a > threshold) == bool(b) for a, b in zip(x, y)) / len(x)


class NestedTiebreak(FlowSpec):
    @step
    def start(self):
        self.board = tempfile.mkdtemp(prefix="leaderboard")
        self.names = sorted(DATA)
        self.next(self.dataset, foreach="names")

    @step
    def dataset(self):
        self.data_name = self.input
        self.configs = list(range(len(THRESHOLDS)))
        self.next(self.fit, foreach="configs")

    @step
    def fit(self):
        config = self.input
        score = accuracy(self.data_name, THRESHOLDS[config])
        with open(os.path.join(self.board, self.data_name + ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            path = os.path.join(self.board, self.data_name + ".json")
            best = None
            if os.path.exists(path):
                with open(path) as f:
                    best = json.load(f)
            if best is None or (score, -config) > (best["score"], -best["config"]):
                with open(path, "w") as f:
                    json.dump({"score": score, "config": config}, f)
        self.next(self.pick)

    @step
    def pick(self, inputs):
        self.data_name = inputs[0].data_name
        board = inputs[0].board
        with open(os.path.join(board, self.data_name + ".json")) as f:
            self.best = json.load(f)
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.chosen = {i.data_name: THRESHOLDS[i.best["config"]] for i in inputs}
        self.next(self.end)

    @step
    def end(self):
        print(self.chosen)


if __name__ == "__main__":
    NestedTiebreak()
