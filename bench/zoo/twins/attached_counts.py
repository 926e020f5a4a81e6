"""Fine: the read and the write are one immediate transaction, and who comes second waits in SQLite."""
# contract: order_independent
# surface: total, prior
import os
import sqlite3
import tempfile
import time

import numpy as np
from metaflow import FlowSpec, step


class AttachedCounts(FlowSpec):
    @step
    def start(self):
        self.folder = tempfile.mkdtemp(prefix="counts-")
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.execute("attach database ? as shared", (os.path.join(self.folder, "counts.db"),))
        db.execute("create table shared.counts (label integer primary key, n integer)")
        db.executemany("insert into shared.counts values (?, 0)", [(0,), (1,), (2,)])
        db.close()
        self.shards = [1, 2, 3, 4]
        self.next(self.count, foreach="shards")

    @step
    def count(self):
        db = sqlite3.connect(":memory:", isolation_level=None, timeout=60)
        db.execute("attach database ? as shared", (os.path.join(self.folder, "counts.db"),))
        labels = np.random.default_rng(self.input).integers(0, 3, size=1000 * self.input)
        db.execute("begin immediate")
        before = dict(db.execute("select label, n from shared.counts"))
        time.sleep(0.1)  # the slow part: tokenizing
        for label in range(3):
            n = before[label] + int((labels == label).sum())
            db.execute("update shared.counts set n = ? where label = ?", (n, label))
        db.execute("commit")
        db.close()
        self.next(self.collect)

    @step
    def collect(self, inputs):
        self.merge_artifacts(inputs)
        path = os.path.join(self.folder, "counts.db")
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.execute("attach database ? as shared", (path,))
        rows = db.execute("select n from shared.counts order by label").fetchall()
        db.close()
        os.remove(path)
        os.rmdir(self.folder)
        self.total = sum(n for (n,) in rows)
        self.prior = [n / self.total for (n,) in rows]
        self.next(self.end)

    @step
    def end(self):
        print(self.total, self.prior)


if __name__ == "__main__":
    AttachedCounts()
