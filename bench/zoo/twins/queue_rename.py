"""Annotators steal files from a queue folder by renaming them, but a label depends on the file alone, and the join sorts."""
# contract: order_independent
# surface: join.labels

import os
import zlib
from pathlib import Path

from metaflow import FlowSpec, step

QUEUE = Path("queue")
TAKEN = Path("taken")


class QueueRename(FlowSpec):
    @step
    def start(self):
        QUEUE.mkdir(exist_ok=True)
        TAKEN.mkdir(exist_ok=True)
        for k in range(6):
            (QUEUE / f"item{k}.txt").write_text("lorem " * (k * k + 1))
        self.annotators = ["strict", "lenient", "random"]
        self.next(self.annotate, foreach="annotators")

    @step
    def annotate(self):
        self.mine = {}
        for name in sorted(os.listdir(QUEUE)):
            if len(self.mine) == 2:
                break
            try:
                os.rename(QUEUE / name, TAKEN / name)
            except FileNotFoundError:
                continue
            text = (TAKEN / name).read_text()
            self.mine[name] = zlib.crc32(text.encode()) % 5
        self.next(self.join)

    @step
    def join(self, inputs):
        self.labels = sorted((n, v) for i in inputs for n, v in i.mine.items())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    QueueRename()
