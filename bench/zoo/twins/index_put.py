"""With deterministic algorithms."""
# contract: order_independent
# surface: end.result
import torch
from metaflow import FlowSpec, step


class ScatterFlow(FlowSpec):
    @step
    def start(self):
        torch.manual_seed(0)
        torch.set_num_threads(4)
        torch.use_deterministic_algorithms(True)
        index = torch.randint(0, 10, (1_000_000,))
        self.result = torch.zeros(10).index_put_((index,), torch.randn(1_000_000), accumulate=True).tolist()
        self.next(self.end)

    @step
    def end(self):
        print("RESULT", self.result)


if __name__ == "__main__":
    ScatterFlow()
