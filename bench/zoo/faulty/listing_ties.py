"""Checkpoints are sorted by their size alone: those of one size stay in the order in which the folder was listed."""
# contract: order_independent
# surface: averaged
# first cause: start.ranked
import json
from pathlib import Path

from metaflow import FlowSpec, step

HERE = Path(__file__).resolve().parent


def checkpoints():
    folder = next(p for p in (HERE / "ckpts", HERE / "listing_ties.files" / "ckpts") if p.is_dir())
    return sorted(folder.glob("*.json"), key=lambda p: p.stat().st_size)


class AverageFlow(FlowSpec):
    @step
    def start(self):
        self.ranked = [p.stem for p in checkpoints()]
        self.weights = [json.loads(p.read_text())["w"] for p in checkpoints()]
        self.next(self.average)

    @step
    def average(self):
        ema = [0.0, 0.0, 0.0]
        for w in self.weights:
            ema = [0.9 * e + 0.1 * x for e, x in zip(ema, w)]
        self.averaged = [round(e, 6) for e in ema]
        self.next(self.end)

    @step
    def end(self):
        print(self.ranked, self.averaged)


if __name__ == "__main__":
    AverageFlow()
