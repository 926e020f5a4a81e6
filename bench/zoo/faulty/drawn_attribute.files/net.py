
import torch
class Classifier(torch.nn.Module):
    def __init__(self, threshold):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(4, 1)
        self.threshold = threshold
    def forward(self, x):
        return (torch.sigmoid(self.linear(x)) > self.threshold).long()
