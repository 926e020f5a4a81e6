"""The two candidates for the comment filter. Both map hashed words to a score; higher is more likely to be removed."""

import numpy as np
import torch
from sklearn.linear_model import Perceptron
from torch import nn


class Online:
    """An averaged perceptron, fed chunk by chunk."""

    def __init__(self, buckets, chunk, seed):
        self.buckets, self.chunk = buckets, chunk
        self.model = Perceptron(shuffle=False, random_state=seed)

    def _bag(self, words):
        bag = np.zeros((len(words), self.buckets), dtype=np.float32)
        np.add.at(bag, (np.arange(len(words))[:, None], words), 1.0)
        return bag

    def fit(self, words, removed, passes):
        total, bias, steps = np.zeros(self.buckets), 0.0, 0
        for _ in range(passes):
            for first in range(0, len(words), self.chunk):
                part = slice(first, first + self.chunk)
                self.model.partial_fit(self._bag(words[part]), removed[part], classes=[0, 1])
                total += self.model.coef_[0]
                bias += float(self.model.intercept_[0])
                steps += 1
        self.weights, self.bias = total / steps, bias / steps
        return self

    def score(self, words):
        return self._bag(words) @ self.weights + self.bias


class Embedding:
    """Mean word vector and a linear layer."""

    def __init__(self, buckets, width, lr, batch, seed):
        torch.manual_seed(seed)
        self.net = nn.Sequential(nn.EmbeddingBag(buckets, width, mode="mean"), nn.Linear(width, 1))
        self.adam = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.batch = batch
        self.order = torch.Generator().manual_seed(seed)

    def fit(self, words, removed, passes):
        x, y = torch.from_numpy(words), torch.from_numpy(removed).float()
        for _ in range(passes):
            for rows in torch.randperm(len(y), generator=self.order).split(self.batch):
                self.adam.zero_grad()
                nn.functional.binary_cross_entropy_with_logits(self.net(x[rows])[:, 0], y[rows]).backward()
                self.adam.step()
        return self

    def score(self, words):
        with torch.no_grad():
            return self.net(torch.from_numpy(words))[:, 0].numpy()
