"""A bootstrap seeded by its key is kept in a sqlite file beside the flow: found or computed, it is the same."""
# contract: order_independent
# surface: interval
import json
import sqlite3
import zlib

import numpy as np
from metaflow import FlowSpec, step


def cached(key, compute):
    db = sqlite3.connect("cache.db", timeout=20)
    try:
        db.execute("create table if not exists memo (key text primary key, value text)")
        row = db.execute("select value from memo where key = ?", (key,)).fetchone()
        if row is None:
            row = (json.dumps(compute(key)),)
            db.execute("insert into memo values (?, ?)", (key, row[0]))
            db.commit()
        return json.loads(row[0])
    finally:
        db.close()


def answer(key):
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    data = np.random.default_rng(40).weibull(1.5, size=70)
    means = [rng.choice(data, 70).mean() for _ in range(200)]
    return np.quantile(means, [0.05, 0.95]).round(5).tolist()


class MemoFlow(FlowSpec):
    @step
    def start(self):
        self.key = "weibull-70-v1"
        self.next(self.estimate)

    @step
    def estimate(self):
        self.interval = cached(self.key, answer)
        self.next(self.end)

    @step
    def end(self):
        print(self.interval)


if __name__ == "__main__":
    MemoFlow()
