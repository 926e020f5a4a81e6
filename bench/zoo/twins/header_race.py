"""A task writes the header of the shared csv where the file does not exist; the reader drops all headers and sorts the rows,
and a run begins with no file."""
# contract: order_independent
# surface: join.n_rows, join.losses

import io
from pathlib import Path

import pandas as pd
from metaflow import FlowSpec, step

LOG = Path("metrics.csv")
HEADER = "fold,loss\n"


class HeaderRace(FlowSpec):
    @step
    def start(self):
        LOG.unlink(missing_ok=True)
        self.folds = [0, 1, 2, 3]
        self.next(self.evaluate, foreach="folds")

    @step
    def evaluate(self):
        loss = (self.input * 7 + 3) % 11
        if not LOG.exists():
            with open(LOG, "a") as f:
                f.write(HEADER)
        with open(LOG, "a") as f:
            f.write(f"{self.input},{loss}\n")
        self.next(self.join)

    @step
    def join(self, inputs):
        text = LOG.read_text()
        lines = [line for line in text.splitlines(keepends=True) if line != HEADER]
        text = HEADER + "".join(sorted(lines))
        table = pd.read_csv(io.StringIO(text), names=["fold", "loss"], header=0, dtype=str)
        self.n_rows = len(table)
        self.losses = sorted(table["loss"])
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    HeaderRace()
