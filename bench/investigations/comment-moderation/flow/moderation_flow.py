"""Which filter should hold back comments for a moderator? An averaged perceptron against mean word vectors.

A branch is one forum. Filters learn from the first three weeks and are judged on the fourth.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from metaflow import FlowSpec, Parameter, step
from sklearn.metrics import average_precision_score

from learners import Embedding, Online


def forum(comments, length, buckets, seed):
    """A month of comments as rows of word numbers, oldest first, and whether a moderator removed each.

    What is insulting changes: the weights of the words wander during the month.
    """
    rng = np.random.default_rng(seed)
    words = rng.zipf(1.3, size=(comments, length)) % buckets
    early, late = rng.normal(0, 1.0, buckets), rng.normal(0, 1.0, buckets)
    when = np.linspace(0, 1, comments)[:, None]
    heat = ((1 - when) * early[words] + when * late[words]).mean(axis=1)
    removed = (rng.random(comments) < 1 / (1 + np.exp(2.0 - 3.0 * heat))).astype(np.int64)
    return words.astype(np.int64), removed


class ModerationFlow(FlowSpec):
    forums = Parameter("forums", type=int, default=6)
    comments = Parameter("comments", type=int, default=8000)
    length = Parameter("length", type=int, default=12, help="words of a comment")
    buckets = Parameter("buckets", type=int, default=1024)
    passes = Parameter("passes", type=int, default=4)
    chunk = Parameter("chunk", type=int, default=200)
    width = Parameter("width", type=int, default=16)
    lr = Parameter("lr", type=float, default=0.01)
    rows_per_step = Parameter("rows-per-step", type=int, default=100)

    @step
    def start(self):
        self.forum_numbers = list(range(self.forums))
        self.next(self.moderate, foreach="forum_numbers")

    @step
    def moderate(self):
        seed = self.input
        words, removed = forum(self.comments, self.length, self.buckets, seed)
        old, new = slice(0, 3 * self.comments // 4), slice(3 * self.comments // 4, None)
        filters = {
            "online": Online(self.buckets, self.chunk, seed),
            "embedding": Embedding(self.buckets, self.width, self.lr, self.rows_per_step, seed),
        }
        self.precision = {}
        for name, learner in filters.items():
            learner.fit(words[old], removed[old], self.passes)
            self.precision[name] = float(average_precision_score(removed[new], learner.score(words[new])))
        self.precision["chance"] = float(removed[new].mean())
        self.next(self.join)

    @step
    def join(self, inputs):
        self.rows = [branch.precision for branch in inputs]
        self.next(self.end)

    @step
    def end(self):
        """Means over the forums, and how far the word vectors are ahead."""
        self.mean = {name: float(np.mean([row[name] for row in self.rows])) for name in self.rows[0]}
        self.lead = self.mean["embedding"] - self.mean["online"]
        print(self.mean, self.lead)


if __name__ == "__main__":
    ModerationFlow()
