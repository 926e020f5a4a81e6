"""Each task raises a count in a file; tasks that overlap lose one."""

# surface: results
# first cause: gather.results

import tempfile
from pathlib import Path

from metaflow import FlowSpec, step

COUNTER = Path(tempfile.gettempdir(), "counter")


class ACountThatIsLostFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        count = int(COUNTER.read_text()) if COUNTER.exists() else 0
        COUNTER.write_text(str(count + len(self.input)))
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = int(COUNTER.read_text())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ACountThatIsLostFlow()
