"""The lines of `xargs -P 3` are stored in the order in which they come."""
# contract: order_independent
# surface: end.result
# first cause: start.result
import subprocess
from metaflow import FlowSpec, step


class XargsFlow(FlowSpec):
    @step
    def start(self):
        command = "printf '%s\\n' 1 2 3 4 5 6 | xargs -P 3 -n 1 sh score.sh"
        self.result = subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout.split("\n")
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    XargsFlow()
