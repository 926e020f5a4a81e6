"""Siblings count up in a file, each by one shell command that reads, waits and writes: updates are lost."""
# contract: order_independent
# surface: end.result
# first cause: join.result
import subprocess
from pathlib import Path
from metaflow import FlowSpec, step


class CountFlow(FlowSpec):
    @step
    def start(self):
        Path('count.txt').write_text('0\n')
        self.items = [1, 2, 3]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        subprocess.run('n=$(cat count.txt); sleep 1; echo $((n+1)) > count.txt', shell=True, check=True)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.result = int(Path('count.txt').read_text())
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    CountFlow()
