"""Percentile intervals for the difference of two scores on the same stays."""

import numpy as np


def paired_interval(measure, truth, first, second, *, resamples, seed, level=0.95):
    """The interval of measure(truth, second) - measure(truth, first), both on the same resample."""
    rng = np.random.default_rng(seed)
    differences = []
    for _ in range(resamples):
        drawn = rng.integers(0, len(truth), len(truth))
        differences.append(measure(truth[drawn], second[drawn]) - measure(truth[drawn], first[drawn]))
    tail = 50 * (1 - level)
    return [float(edge) for edge in np.percentile(differences, [tail, 100 - tail])]
