"""Workers of the pool get numbered random streams, and which worker takes which resample is a race that the long first one usually settles."""
# contract: order_independent
# surface: median, spread
# first cause: boot.draws
import multiprocessing as mp
import time

import numpy as np
from metaflow import FlowSpec, step

stream = None


def begin(counter):
    global stream
    with counter.get_lock():
        number = counter.value
        counter.value += 1
    stream = np.random.default_rng([17, number])


def resample(job):
    size, cost = job
    time.sleep(cost)
    return float(stream.normal(size=size).mean())


class PoolStreams(FlowSpec):
    @step
    def start(self):
        self.groups = [1, 2]
        self.next(self.boot, foreach="groups")

    @step
    def boot(self):
        context = mp.get_context("fork")
        jobs = [(400, 0.25), (50, 0.05), (60, 0.05), (70, 0.05), (80, 0.15)]
        with context.Pool(2, initializer=begin, initargs=(context.Value("i", 0),)) as pool:
            self.draws = pool.map(resample, jobs, chunksize=1)
        self.next(self.collect)

    @step
    def collect(self, inputs):
        draws = [d for i in inputs for d in i.draws]
        self.median = float(np.median(draws))
        self.spread = float(np.std(draws))
        self.next(self.end)

    @step
    def end(self):
        print(self.median, self.spread)


if __name__ == "__main__":
    PoolStreams()
