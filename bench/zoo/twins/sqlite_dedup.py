"""Shards drop documents that a sibling has, SELECT and INSERT in one transaction begun IMMEDIATE."""
# contract: order_independent
# surface: join.n_unique, join.n_chars

import hashlib
import os
import sqlite3
import tempfile

from metaflow import FlowSpec, step

DOCS = [
    ["loss", "a net", "the tree"],
    ["a net", "forest", "loss"],
    ["the tree", "loss", "bagging"],
    ["boosting", "a net"],
]


def connect(folder):
    return sqlite3.connect(os.path.join(folder, "corpus.db"), timeout=60, isolation_level=None)


class SqliteDedup(FlowSpec):
    @step
    def start(self):
        self.home = tempfile.mkdtemp(prefix="dedup")
        db = connect(self.home)
        db.execute("CREATE TABLE docs (digest TEXT, body TEXT)")
        db.close()
        self.shards = list(range(len(DOCS)))
        self.next(self.ingest, foreach="shards")

    @step
    def ingest(self):
        db = connect(self.home)
        for body in DOCS[self.input]:
            digest = hashlib.sha1(body.encode()).hexdigest()
            db.execute("BEGIN IMMEDIATE")
            seen = db.execute("SELECT COUNT(*) FROM docs WHERE digest = ?", (digest,)).fetchone()[0]
            if not seen:
                db.execute("INSERT INTO docs VALUES (?, ?)", (digest, body))
            db.execute("COMMIT")
        db.close()
        self.next(self.join)

    @step
    def join(self, inputs):
        db = connect(inputs[0].home)
        self.n_unique, self.n_chars = db.execute("SELECT COUNT(*), SUM(LENGTH(body)) FROM docs").fetchone()
        db.close()
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    SqliteDedup()
