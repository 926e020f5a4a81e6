"""The step size anneals over the runs that lie in the flow's own folder of the datastore."""
# contract: order_independent
# surface: end.result
# first cause: start.result
from pathlib import Path
from metaflow import FlowSpec, step


class WarmFlow(FlowSpec):
    @step
    def start(self):
        previous = [p for p in Path(".metaflow/WarmFlow").glob("[0-9]*") if p.is_dir()]
        self.result = round(0.5 * 0.9 ** len(previous), 6)     # anneal over the runs made so far
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    WarmFlow()
