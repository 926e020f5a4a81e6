"""Each sibling saves a file of its own."""
# contract: order_independent
# surface: end.result
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
        torch.jit.save(model, f"shard_{self.input}.pt")
        self.next(self.join)

    @step
    def join(self, inputs):
        import torch
        self.result = sum(float(torch.jit.load(f'shard_{i}.pt').total.item()) for i in (1, 2, 3))
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    TallyFlow()
