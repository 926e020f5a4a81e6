"""Siblings add to a module that torch.jit loads and saves, by C++: updates are lost."""
# contract: order_independent
# surface: end.result
# first cause: join.result
import time
from metaflow import FlowSpec, step


class TallyFlow(FlowSpec):
    @step
    def start(self):
        import torch
        from tally import Tally
        torch.jit.save(torch.jit.script(Tally()), 'shared.pt')
        self.items = [1, 2, 3]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        import torch
        model = torch.jit.load("shared.pt")
        with torch.no_grad():
            model.total += float(self.input)
        time.sleep(1)   # a few epochs
        torch.jit.save(model, "shared.pt")
        self.next(self.join)

    @step
    def join(self, inputs):
        import torch
        self.result = float(torch.jit.load('shared.pt').total.item())
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    TallyFlow()
