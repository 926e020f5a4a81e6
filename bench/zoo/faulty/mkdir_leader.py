"""The shard that wins the mkdir fits the scaler on its own rows; the others load it, or fit on theirs if it is not there yet."""
# contract: order_independent
# surface: join.scaled
# first cause: scale.center

import json
import os

from metaflow import FlowSpec, step

SHARDS = [[3, 5, 10], [40, 41, 45], [7, 7, 1], [100, 102, 98]]
HOME = "scaler"


def fit(rows):
    return sum(rows) // len(rows)


class MkdirLeader(FlowSpec):
    @step
    def start(self):
        self.shards = list(range(len(SHARDS)))
        self.next(self.scale, foreach="shards")

    @step
    def scale(self):
        rows = SHARDS[self.input]
        try:
            os.mkdir(HOME)
            leader = True
        except FileExistsError:
            leader = False
        fitted = os.path.join(HOME, "center.json")
        if not leader and os.path.exists(fitted):
            with open(fitted) as f:
                self.center = json.load(f)
        else:
            self.center = fit(rows)
        if leader:
            with open(fitted + ".part", "w") as f:
                json.dump(self.center, f)
            os.rename(fitted + ".part", fitted)
        self.rows = [r - self.center for r in rows]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scaled = [i.rows for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MkdirLeader()
