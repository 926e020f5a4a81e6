"""Spill files are merged sorted by name, and each name begins with the chunk's number: the last chunk wins in every run."""
# contract: order_independent
# surface: latest
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
from metaflow import FlowSpec, step


def spill(folder, n, rows):
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f"chunk-{n:03d}-", suffix=".json", delete=False) as f:
        json.dump(rows, f)


class SpillFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(2)
        self.chunks = [{f"SYM{int(s)}": round(float(rng.lognormal(3, 0.2)), 2) for s in rng.integers(0, 12, size=6)} for _ in range(5)]
        self.next(self.load)

    @step
    def load(self):
        self.folder = tempfile.mkdtemp(prefix="spill-")
        for n, rows in enumerate(self.chunks):
            spill(self.folder, n, rows)
        latest = {}
        for path in sorted(Path(self.folder).glob("chunk-*.json")):
            latest.update(json.loads(path.read_text()))
        shutil.rmtree(self.folder)
        self.latest = latest
        self.next(self.end)

    @step
    def end(self):
        print(self.latest)


if __name__ == "__main__":
    SpillFlow()
