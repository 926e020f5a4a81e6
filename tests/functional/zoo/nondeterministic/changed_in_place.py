"""A list that every task was given is changed where it is."""

# surface: results
# first cause: work.board

import os
import tempfile

from metaflow import FlowSpec, step


def open_ledger():
    path = os.path.join(tempfile.gettempdir(), "ledger")
    with open(path, "a") as file:
        file.write("x\n")
    with open(path) as file:
        return file.readlines()


class ChangedInPlaceFlow(FlowSpec):
    @step
    def start(self):
        self.board = {"rank": []}
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @step
    def work(self):
        self.board["rank"].append(sum(1 for _ in open_ledger()))
        self.value = self.board
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ChangedInPlaceFlow()
