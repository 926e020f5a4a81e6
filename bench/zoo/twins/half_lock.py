"""The lock guards the number of rows and the total."""
# contract: order_independent
# surface: mean

import contextlib
import fcntl
import os
import struct
import tempfile

from metaflow import FlowSpec, step

ROWS = [[4, 8], [15], [16, 23, 42], [108, 3]]


@contextlib.contextmanager
def locked(path):
    with open(path + ".lock", "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def bump(path, offset, by):
    fd = os.open(path, os.O_RDWR)
    try:
        (value,) = struct.unpack("<q", os.pread(fd, 8, offset))
        value += by
        os.pwrite(fd, struct.pack("<q", value), offset)
    finally:
        os.close(fd)


class HalfLock(FlowSpec):
    @step
    def start(self):
        fd, self.stats = tempfile.mkstemp(suffix=".bin")
        os.write(fd, struct.pack("<qq", 0, 0))
        os.close(fd)
        self.parts = list(range(len(ROWS)))
        self.next(self.accumulate, foreach="parts")

    @step
    def accumulate(self):
        rows = ROWS[self.input]
        with locked(self.stats):
            bump(self.stats, 0, len(rows))
            bump(self.stats, 8, sum(rows))
        self.next(self.join)

    @step
    def join(self, inputs):
        with open(inputs[0].stats, "rb") as f:
            self.count, self.total = struct.unpack("<qq", f.read())
        self.mean = self.total / self.count
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    HalfLock()
