"""Each task reads the summary, finds or adds what all would add, and writes it back."""

# surface: results

import json
import tempfile
from pathlib import Path

from metaflow import FlowSpec, step

TABLE = Path(tempfile.gettempdir(), "table.json")


class ASummaryThatAllWriteFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
        table["methods"] = ["ce", "topk"]
        TABLE.write_text(json.dumps(table))
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = json.loads(TABLE.read_text())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ASummaryThatAllWriteFlow()
