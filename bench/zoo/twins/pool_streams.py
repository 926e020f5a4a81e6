"""Fine: each resample has a stream of its own, made of its number; workers are replaced after each and results sorted."""
# contract: order_independent
# surface: median, spread
import multiprocessing as mp
import time

import numpy as np
from metaflow import FlowSpec, step


def begin(counter):
    with counter.get_lock():
        counter.value += 1


def resample(job):
    number, size, cost = job
    time.sleep(cost)
    return number, float(np.random.default_rng([17, number]).normal(size=size).mean())


class PoolStreams(FlowSpec):
    @step
    def start(self):
        self.groups = [1, 2]
        self.next(self.boot, foreach="groups")

    @step
    def boot(self):
        context = mp.get_context("fork")
        jobs = [(400, 0.25), (50, 0.05), (60, 0.05), (70, 0.05), (80, 0.15)]
        with context.Pool(2, maxtasksperchild=1, initializer=begin, initargs=(context.Value("i", 0),)) as pool:
            done = pool.imap_unordered(resample, [(k, *job) for k, job in enumerate(jobs)])
            self.draws = [draw for _, draw in sorted(done)]
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
