"""The longer branch takes the stop word file as a cache only: where it is not there yet, it derives the very same list."""
# contract: order_independent
# surface: merge.top_terms, merge.n_stop

import json
import os
from collections import Counter

from metaflow import FlowSpec, step

CORPUS = [
    "the loss of the model fell and the score of the model rose",
    "a model of the data is a model of the world",
    "the score of a fold and the loss of a fold",
]
STOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stopwords.json")


def derive_stopwords(corpus):
    df = Counter(t for doc in corpus for t in set(doc.split()))
    return sorted(t for t, n in df.items() if n == len(corpus) or len(t) < 3)


def known_stopwords():
    if os.path.exists(STOP):
        with open(STOP) as f:
            return json.load(f)
    return derive_stopwords(CORPUS)


class UnequalStopwords(FlowSpec):
    @step
    def start(self):
        self.corpus = CORPUS
        self.next(self.tokenize, self.stopwords)

    @step
    def tokenize(self):
        self.tokens = [doc.split() for doc in self.corpus]
        self.next(self.count)

    @step
    def count(self):
        stop = set(known_stopwords())
        self.counts = dict(sorted(Counter(t for doc in self.tokens for t in doc if t not in stop).items()))
        self.next(self.rank)

    @step
    def rank(self):
        self.ranked = sorted(self.counts, key=lambda t: (-self.counts[t], t))
        self.next(self.merge)

    @step
    def stopwords(self):
        self.stop = derive_stopwords(self.corpus)
        part = f"{STOP}.{os.getpid()}"
        with open(part, "w") as f:
            json.dump(self.stop, f)
        os.replace(part, STOP)
        self.next(self.merge)

    @step
    def merge(self, inputs):
        self.top_terms = inputs.rank.ranked[:4]
        self.n_stop = len(inputs.stopwords.stop)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    UnequalStopwords()
