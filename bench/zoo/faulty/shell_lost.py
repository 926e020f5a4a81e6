"""A shell script adds the shard's lines to a counter file, read and written by the script without a lock."""
# contract: order_independent
# surface: n_lines
# first cause: join.n_lines

import os
import subprocess
import tempfile

from metaflow import FlowSpec, step

ADD = 'old=$(cat "$1"); new=$(wc -l < "$2"); sleep 0.1; echo $((old + new)) > "$1.$$"; mv "$1.$$" "$1"'


class ShellLost(FlowSpec):
    @step
    def start(self):
        self.home = tempfile.mkdtemp(prefix="count")
        with open(os.path.join(self.home, "total"), "w") as f:
            f.write("0\n")
        self.sizes = [3, 5, 8, 13]
        self.next(self.count, foreach="sizes")

    @step
    def count(self):
        shard = os.path.join(self.home, f"shard-{self.input}.txt")
        with open(shard, "w") as f:
            f.writelines(f"row {k}\n" for k in range(self.input))
        total = os.path.join(self.home, "total")
        subprocess.run(["sh", "-c", ADD, "add", total, shard], check=True)
        self.next(self.join)

    @step
    def join(self, inputs):
        with open(os.path.join(inputs[0].home, "total")) as f:
            self.n_lines = int(f.read())
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ShellLost()
