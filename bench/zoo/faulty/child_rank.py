"""A child Python ranks candidates from a set; ties come in the order of the child's own salt, whatever salt the task has."""
# contract: order_independent
# surface: leaderboard
# first cause: rank.leaderboard
import json
import os
import subprocess
import sys

import numpy as np
from metaflow import FlowSpec, step

RANKER = """
import json, sys
scores = dict(json.load(sys.stdin))
pool = set(scores)
json.dump(sorted(pool, key=scores.get, reverse=True)[:6], sys.stdout)
"""


def run(code, data):
    env = dict(os.environ)
    env.pop("PYTHONSTARTUP", None)
    done = subprocess.run([sys.executable, "-c", code], input=json.dumps(data), env=env, text=True, capture_output=True, check=True)
    return json.loads(done.stdout)


class RankFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(11)
        self.scores = [(f"model-{c}", round(float(rng.beta(30, 6)), 1)) for c in "abcdefghijkl"]
        self.next(self.rank)

    @step
    def rank(self):
        self.leaderboard = run(RANKER, self.scores)
        self.next(self.end)

    @step
    def end(self):
        print(self.leaderboard)


if __name__ == "__main__":
    RankFlow()
