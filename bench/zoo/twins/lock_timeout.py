"""A task that finds the index locked tries again until it has it."""
# contract: order_independent
# surface: join.hits

import fcntl
import os
import tempfile
import time

from metaflow import FlowSpec, step

POINTS = [(i * 37 % 101, i) for i in range(60)]


def try_lock(handle):
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.05)


class LockTimeout(FlowSpec):
    @step
    def start(self):
        self.home = tempfile.mkdtemp(prefix="index")
        self.queries = [50, 77, 13]
        self.next(self.search, foreach="queries")

    @step
    def search(self):
        with open(os.path.join(self.home, "index.lock"), "w") as handle:
            if try_lock(handle):
                time.sleep(0.6)
                self.hit = min(POINTS, key=lambda p: (abs(p[0] - self.input), p))
                fcntl.flock(handle, fcntl.LOCK_UN)
            else:
                self.hit = min(POINTS[::7], key=lambda p: (abs(p[0] - self.input), p))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.hits = [i.hit for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LockTimeout()
