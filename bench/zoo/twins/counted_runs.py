"""It anneals over a committed history."""
# contract: order_independent
# surface: end.result
from pathlib import Path
from metaflow import FlowSpec, step


class WarmFlow(FlowSpec):
    @step
    def start(self):
        previous = [p for p in Path("history").glob("[0-9]*") if p.is_file()]
        self.result = round(0.5 * 0.9 ** len(previous), 6)
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    WarmFlow()
