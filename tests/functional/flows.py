"""Small flows for real runs: each is a claim of `order_independent` that is kept, or broken in one way."""

from __future__ import annotations

FANOUT = """
from metaflow import FlowSpec, step
{before}

class FanFlow(FlowSpec):
    @step
    def start(self):
        self.parts = list(range({parts}))
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.started = __import__("time").time()
        self.value = {value}
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = {gather}
        self.next(self.end)

    @step
    def end(self):
        self.scaled = [(one, one) for one in self.results]


if __name__ == "__main__":
    FanFlow()
"""
SPLIT = """
from metaflow import FlowSpec, step


class SplitFlow(FlowSpec):
    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.score = 1.0
        self.next(self.join)

    @step
    def right(self):
        self.score = 2.0
        self.next(self.join)

    @step
    def join(self, inputs):
        self.best = {best}
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SplitFlow()
"""
SETTINGS = """
[flow."flow.py"]
determinism = "{contract}"
determinism_reason = "the test says so"
surface = {surface}
[prove]
workers = 3
timeout = "{timeout}"
"""
# Each task notes its index in a file its siblings share, and stores how many stood there before it.
SHARED = "import os, tempfile\n\ndef note(index):\n    path = os.path.join(tempfile.gettempdir(), 'shared.txt')\n    with open(path, 'a') as file:\n        file.write(f'{index} ')\n    return open(path).read()\n"
# Each task leaves a file of its own, which no static check can hold against it, and stores how many lay there by then.
COUNTED = """
import os, tempfile

def count(index):
    folder = os.path.join(tempfile.gettempdir(), "done")
    os.makedirs(folder, exist_ok=True)
    open(os.path.join(folder, str(index)), "w").close()
    return len(os.listdir(folder))
"""


def fan(value: str, gather: str = "[one.value for one in inputs]", before: str = "", parts: int = 5) -> str:
    """A foreach whose tasks store `value` and whose join stores `gather`."""
    return FANOUT.format(value=value, gather=gather, before=before, parts=parts)


def settings(contract: str = "order_independent", surface: str = '["results"]', timeout: str = "5m") -> str:
    """A flowgate.toml that claims something of `flow.py`."""
    return SETTINGS.format(contract=contract, surface=surface, timeout=timeout)
