"""Each task raises a count in a file, one at a time."""

# surface: results

import fcntl
import os
import tempfile
from pathlib import Path

from metaflow import FlowSpec, step

COUNTER = os.path.join(tempfile.gettempdir(), "counter")


class ACountBehindALockFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        with open(COUNTER + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            count = int(Path(COUNTER).read_text()) if os.path.exists(COUNTER) else 0
            with open(COUNTER, "w") as file:
                file.write(str(count + 1))
        self.next(self.gather)

    @step
    def gather(self, inputs):
        with open(COUNTER) as file:
            self.results = int(file.read())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ACountBehindALockFlow()
