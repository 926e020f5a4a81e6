"""A branch that fans out, and one that does not, meet in a file."""

# surface: results
# first cause: count.seen

import os
import tempfile

from metaflow import FlowSpec, step

FOLDER = os.path.join(tempfile.gettempdir(), "shards")


class AForeachBesideABranchFlow(FlowSpec):
    @step
    def start(self):
        os.makedirs(FOLDER)
        self.next(self.fan, self.count)

    @step
    def fan(self):
        self.parts = [1, 2, 3]
        self.next(self.shard, foreach="parts")

    @step
    def shard(self):
        open(os.path.join(FOLDER, str(self.input)), "w").close()
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.next(self.join)

    @step
    def count(self):
        self.seen = len(os.listdir(FOLDER))
        self.next(self.join)

    @step
    def join(self, inputs):
        self.results = inputs.count.seen
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AForeachBesideABranchFlow()
