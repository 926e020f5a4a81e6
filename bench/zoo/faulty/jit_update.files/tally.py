
import torch
class Tally(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.total = torch.nn.Parameter(torch.zeros(1))
    def forward(self, x):
        return self.total + x
