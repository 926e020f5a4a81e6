"""The same weights every time; their pickles differ, for a pointer is in them."""

# surface: model, end.frame

import pandas as pd
import torch
from metaflow import FlowSpec, step


class ATorchModuleFlow(FlowSpec):
    @step
    def start(self):
        torch.manual_seed(0)
        self.model = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU())
        self.next(self.end)

    @step
    def end(self):
        self.frame = pd.DataFrame({"name": ["a", "b"], "score": [0.5, float("nan")]})


if __name__ == "__main__":
    ATorchModuleFlow()
