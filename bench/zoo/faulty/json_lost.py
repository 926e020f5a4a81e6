"""Two steps of unequal branches add to one table of counts without a lock; an update is lost only where they overlap."""
# contract: order_independent
# surface: merge.counts, merge.total
# first cause: merge.counts

import json
import os
import tempfile
from pathlib import Path

from metaflow import FlowSpec, step

TABLE = "label_counts.json"


def add(labels):
    table = Path(tempfile.gettempdir(), TABLE)
    counts = json.loads(table.read_text())
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    part = table.with_name(f"{TABLE}.{os.getpid()}")
    part.write_text(json.dumps(counts, sort_keys=True))
    part.replace(table)


class JsonLost(FlowSpec):
    @step
    def start(self):
        Path(tempfile.gettempdir(), TABLE).write_text("{}")
        self.next(self.parse, self.audit)

    @step
    def parse(self):
        self.labels = "cat dog cat bird dog cat".split()
        self.next(self.clean)

    @step
    def clean(self):
        self.labels = [x for x in self.labels if x != "bird"]
        self.next(self.tally)

    @step
    def tally(self):
        add(self.labels)
        self.next(self.merge)

    @step
    def audit(self):
        add(["dog", "horse"])
        self.next(self.merge)

    @step
    def merge(self, inputs):
        self.counts = json.loads(Path(tempfile.gettempdir(), TABLE).read_text())
        self.total = sum(self.counts.values())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    JsonLost()
