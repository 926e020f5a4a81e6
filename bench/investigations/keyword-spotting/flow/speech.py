"""Synthetic utterances: each keyword is a pair of formant tracks, spoken at its own speed, in noise."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler, TensorDataset

TRACKS = {  # low formant from, to, high formant from, to, in bins
    "go": (2.0, 7.0, 5.0, 9.0),
    "stop": (7.0, 2.0, 9.0, 5.0),
    "left": (3.0, 3.0, 6.0, 10.0),
    "right": (3.0, 6.0, 8.0, 8.0),
}


def utterances(n, frames, bins, snr_db, rng):
    """n log-mel pictures of shape (frames, bins), float32, and the index of the keyword, int64."""
    table = np.array(list(TRACKS.values()))
    word = rng.integers(0, len(table), n)
    low_from, low_to, high_from, high_to = table[word].T
    onset, length = rng.uniform(0.0, 0.3, n), rng.uniform(0.5, 0.7, n)
    t = (np.linspace(0, 1, frames)[None, :] - onset[:, None]) / length[:, None]
    inside = ((t >= 0) & (t <= 1))[:, :, None]
    grid = np.arange(bins)[None, None, :]
    energy = 0.0
    for start, stop in ((low_from, low_to), (high_from, high_to)):
        centre = start[:, None] + (stop - start)[:, None] * np.clip(t, 0, 1)
        energy = energy + inside * np.exp(-0.5 * (grid - centre[:, :, None]) ** 2)
    noise = rng.exponential(10 ** (-snr_db / 20), energy.shape)
    return np.log(energy + noise + 1e-3).astype(np.float32), word.astype(np.int64)


class EpochSampler(Sampler):
    """An order of n rows that is a function of the seed and the epoch."""

    def __init__(self, n, seed):
        self.n, self.seed, self.epoch = n, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return self.n

    def __iter__(self):
        return iter(np.random.default_rng((self.seed, self.epoch)).permutation(self.n).tolist())


def loader(x, y, batch, seed):
    sampler = EpochSampler(len(y), seed)
    rows = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    return DataLoader(rows, batch_size=batch, sampler=sampler), sampler
