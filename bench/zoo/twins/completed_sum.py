"""Partial likelihoods are collected as the threads finish, and added by math.fsum, which rounds once, whatever the order."""
# contract: order_independent
# surface: loglik
import math
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
from metaflow import FlowSpec, step


def answer(chunk):
    x = np.array(chunk)
    return float((-0.5 * x * x - 0.9189385332046727).sum())


class LikelihoodFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(13)
        self.chunks = [rng.normal(0, 10.0 ** (n % 4 - 1), size=1000 + 700 * n).tolist() for n in range(10)]
        self.next(self.score)

    @step
    def score(self):
        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(answer, c) for c in self.chunks]
            self.loglik = math.fsum(job.result() for job in as_completed(jobs))
        self.next(self.end)

    @step
    def end(self):
        print(repr(self.loglik))


if __name__ == "__main__":
    LikelihoodFlow()
