"""A table numbers its rows as they come."""

# surface: results
# first cause: work.value

import os
import sqlite3
import tempfile

from metaflow import FlowSpec, step


class RowsOfADatabaseFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        database = sqlite3.connect(os.path.join(tempfile.gettempdir(), "runs.db"))
        with database:
            database.execute("create table if not exists runs (id integer primary key autoincrement, name text)")
            self.value = database.execute("insert into runs (name) values (?)", (self.input,)).lastrowid
        database.close()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    RowsOfADatabaseFlow()
