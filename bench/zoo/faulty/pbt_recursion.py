"""Population based training: in each turn of the recursion a member copies the best that the others have left by then."""
# contract: order_independent
# surface: join.final
# first cause: evolve.rate

import json
import os
import tempfile
from pathlib import Path

from metaflow import FlowSpec, step


def population():
    return Path(tempfile.gettempdir()) / "population"


class PbtRecursion(FlowSpec):
    @step
    def start(self):
        population().mkdir(exist_ok=True)
        self.rates = [0.9, 0.3, 0.05]
        self.next(self.member, foreach="rates")

    @step
    def member(self):
        self.me = self.index
        self.rate = self.input
        self.generation = 0
        self.history = []
        self.next(self.evolve)

    @step
    def evolve(self):
        score = round(1.0 - abs(self.rate - 0.21), 6)
        self.history = self.history + [[score, self.rate]]
        mine = population() / f"member-{self.me}.json"
        part = population() / f".{self.me}.{os.getpid()}"
        part.write_text(json.dumps([score, self.rate]))
        part.replace(mine)
        others = [json.loads(p.read_text()) for p in sorted(population().glob("member-*.json"))]
        best = max(others)
        self.rate = round((best[1] if best[0] > score else self.rate) * 0.8, 6)
        self.generation += 1
        self.state = "more" if self.generation < 3 else "done"
        self.next({"more": self.evolve, "done": self.report}, condition="state")

    @step
    def report(self):
        self.result = [self.me, self.rate]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.final = sorted(i.result for i in inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PbtRecursion()
