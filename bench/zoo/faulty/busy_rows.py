"""A sibling that finds the database locked for longer than its patience leaves its row out."""
# contract: order_independent
# surface: end.result
# first cause: join.result
import sqlite3, time
from metaflow import FlowSpec, step


class LogFlow(FlowSpec):
    @step
    def start(self):
        db = sqlite3.connect("results.db")
        db.execute("DROP TABLE IF EXISTS score")
        db.execute("CREATE TABLE score (model INTEGER, value REAL)")
        db.commit()
        db.close()
        self.items = [1, 2, 3]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        db = sqlite3.connect("results.db", timeout=0.05)
        try:
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO score VALUES (?, ?)", (self.input, self.input / 8))
            time.sleep(1.5)
            db.commit()
        except sqlite3.OperationalError:
            print("busy; not logged")
        db.close()
        self.next(self.join)

    @step
    def join(self, inputs):
        db = sqlite3.connect("results.db")
        self.result = db.execute("SELECT model, value FROM score ORDER BY model").fetchall()
        db.close()
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    LogFlow()
