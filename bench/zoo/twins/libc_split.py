"""The test split is drawn from a fixed seed and kept in /tmp by a C library: found or drawn, it is the same."""
# contract: order_independent
# surface: test_rows, mae
import ctypes
import os
import random

import numpy as np
from metaflow import FlowSpec, step

PATH = b"/tmp/holdout_rows_of_twin.bin"
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
libc.fclose.argtypes = [ctypes.c_void_p]
for f in (libc.fread, libc.fwrite):
    f.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    f.restype = ctypes.c_size_t


def load():
    handle = libc.fopen(PATH, b"rb")
    if not handle:
        return None
    buffer = ctypes.create_string_buffer(20)
    got = libc.fread(buffer, 1, 20, handle)
    libc.fclose(handle)
    return list(buffer.raw) if got == 20 else None


def save(rows):
    handle = libc.fopen(PATH, b"wb")
    libc.fwrite(bytes(rows), 1, len(rows), handle)
    libc.fclose(handle)


class SplitFlow(FlowSpec):
    @step
    def start(self):
        self.y = np.random.default_rng(77).gamma(3, 2, size=100)
        self.next(self.split)

    @step
    def split(self):
        rows = load()
        if rows is None:
            rows = sorted(random.Random(b"split-v1").sample(range(100), 20))
            save(rows)
        self.test_rows = rows
        self.next(self.evaluate)

    @step
    def evaluate(self):
        train = np.delete(self.y, self.test_rows)
        self.mae = float(np.abs(self.y[self.test_rows] - np.median(train)).mean())
        self.next(self.end)

    @step
    def end(self):
        print(self.test_rows[:8], self.mae)


if __name__ == "__main__":
    SplitFlow()
