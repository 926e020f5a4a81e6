"""Every shard task picks its customers by hash(customer): each task has a salt of its own, so customers fall between shards."""
# contract: order_independent
# surface: top_customers, n_customers
# first cause: shard.spend
import zlib

import numpy as np
from metaflow import FlowSpec, step

N_SHARDS = 4


def shard_of(customer):
    return hash(customer) % N_SHARDS


class ShardFlow(FlowSpec):
    @step
    def start(self):
        rng = np.random.default_rng(3)
        names = [f"customer-{n:03d}" for n in range(60)]
        self.events = [(names[int(rng.integers(60))], round(float(rng.gamma(2, 20)), 2)) for _ in range(600)]
        self.shards = list(range(N_SHARDS))
        self.next(self.shard, foreach="shards")

    @step
    def shard(self):
        self.spend = {}
        for customer, amount in self.events:
            if shard_of(customer) == self.input:
                self.spend[customer] = self.spend.get(customer, 0.0) + amount
        self.next(self.merge)

    @step
    def merge(self, inputs):
        totals = {}
        for task in inputs:
            totals.update(task.spend)
        self.n_customers = len(totals)
        self.top_customers = sorted(totals, key=lambda c: (-totals[c], c))[:5]
        self.next(self.end)

    @step
    def end(self):
        print(self.n_customers, self.top_customers)


if __name__ == "__main__":
    ShardFlow()
