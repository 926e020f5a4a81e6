"""Seven trainings share five accelerator slots; one that finds none free trains on the CPU in single precision."""
# contract: order_independent
# surface: join.weights
# first cause: train.weight

import os
import tempfile
import time

import numpy as np
from metaflow import FlowSpec, step

SLOTS = 5


def take_slot(folder):
    for n in range(SLOTS):
        try:
            os.close(os.open(os.path.join(folder, f"gpu{n}"), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            return n
        except FileExistsError:
            continue
    return None


class FiveSlots(FlowSpec):
    @step
    def start(self):
        self.slots = tempfile.mkdtemp(prefix="slots")
        self.seeds = [1, 2, 3, 4, 5, 6, 7]
        self.next(self.train, foreach="seeds")

    @step
    def train(self):
        slot = take_slot(self.slots)
        try:
            dtype = np.float64 if slot is not None else np.float32
            w = dtype(self.input)
            for k in range(1, 30):
                w = w - dtype(0.1) * (w - dtype(1) / dtype(k))
            time.sleep(0.3)
            self.weight = float(w)
        finally:
            if slot is not None:
                os.unlink(os.path.join(self.slots, f"gpu{slot}"))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.weights = [i.weight for i in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FiveSlots()
