"""Who comes second fails, and the flow goes on without it."""

# surface: results
# first cause: work.value

import os
import tempfile

from metaflow import FlowSpec, catch, step


class AFailureThatIsCaughtFlow(FlowSpec):
    @step
    def start(self):
        self.parts = ["a", "b", "c", "d"]
        self.next(self.work, foreach="parts")

    @catch(var="failed", print_exception=False)
    @step
    def work(self):
        path = os.path.join(tempfile.gettempdir(), "lock")
        os.mkdir(path)
        self.value = 1
        self.next(self.gather)

    @step
    def gather(self, inputs):
        self.results = [None if one.failed else one.value for one in inputs]
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    AFailureThatIsCaughtFlow()
