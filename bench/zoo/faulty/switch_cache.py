"""Long documents, chosen by a switch inside the foreach, share a cache of weights keyed by the size of the vocabulary only."""
# contract: order_independent
# surface: join.scores
# first cause: long.weights

import json
import os
from pathlib import Path

from metaflow import FlowSpec, step

DOCS = ["deep net", "a wide net learns slow features", "tree", "an old tree splits noisy targets", "tiny shallow net"]
CACHE = Path("weights_cache")


def weights_for(vocab):
    key = f"idf-{len(vocab)}"
    hit = CACHE / f"{key}.json"
    if hit.exists():
        return json.loads(hit.read_text())
    weights = [1.0 / len(t) for t in vocab]
    CACHE.mkdir(exist_ok=True)
    part = CACHE / f"{key}.{os.getpid()}"
    part.write_text(json.dumps(weights))
    part.replace(hit)
    return weights


class SwitchCache(FlowSpec):
    @step
    def start(self):
        self.docs = list(range(len(DOCS)))
        self.next(self.route, foreach="docs")

    @step
    def route(self):
        self.doc = self.input
        self.vocab = sorted(set(DOCS[self.doc].split()))
        self.kind = "long" if len(self.vocab) > 3 else "short"
        self.next({"long": self.long, "short": self.short}, condition="kind")

    @step
    def short(self):
        self.weights = [1.0] * len(self.vocab)
        self.next(self.score)

    @step
    def long(self):
        self.weights = weights_for(self.vocab)
        self.next(self.score)

    @step
    def score(self):
        self.value = round(sum(w * (i + 1) for i, w in enumerate(self.weights)), 9)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.scores = [v for _, v in sorted((i.doc, i.value) for i in inputs)]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SwitchCache()
