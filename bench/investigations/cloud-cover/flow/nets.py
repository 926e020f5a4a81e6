"""The two forecasters of the cloud cover three hours ahead: one predicts it, the other predicts its change."""

import torch
from torch import nn


def network(inputs: int, hidden: int, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, 1))


def minibatches(x, y, size, generator):
    """The rows in an order drawn from the generator, in batches."""
    for rows in torch.randperm(len(y), generator=generator).split(size):
        yield x[rows], y[rows]


def fit_direct(x, y, *, hidden, epochs, lr, size, seed):
    """Learns the cover itself."""
    net = network(x.shape[1], hidden, seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for xb, cover in minibatches(x, y, size, order):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(xb).squeeze(1), cover).backward()
            optimizer.step()
    return lambda z: net(z).squeeze(1)


def fit_residual(x, y, *, hidden, epochs, lr, size, seed):
    """Learns what persistence misses: the last observed cover is taken off the target and added to the forecast."""
    net = network(x.shape[1], hidden, seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    order = torch.Generator().manual_seed(seed)
    # persistence does not change while the network learns, so it comes off the targets here
    steps = [(xb, cover - xb[:, -1]) for xb, cover in minibatches(x, y, size, order)]
    for _ in range(epochs):
        for xb, change in steps:
            optimizer.zero_grad()
            nn.functional.mse_loss(net(xb).squeeze(1), change).backward()
            optimizer.step()
    return lambda z: z[:, -1] + net(z).squeeze(1)


FORECASTERS = {"direct": fit_direct, "residual": fit_residual}
