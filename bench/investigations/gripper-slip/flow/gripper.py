"""A two-finger gripper that lifts a block. Shear builds up; where it exceeds what friction can hold, the block slips."""

import numpy as np


def lifts(n, *, friction, payload, ticks, grip, tremor, rng):
    """n lifts: tactile traces of shape (n, ticks, 2) (normal force, shear), and whether the block slips in the end."""
    normal = grip * rng.lognormal(0.0, 0.35, n)
    jerk = rng.lognormal(0.0, 0.3, n)
    bend = rng.lognormal(0.0, 0.5, n)
    load = 9.81 * payload * jerk[:, None] * np.linspace(0, 1, ticks)[None, :] ** bend[:, None]
    slips = load[:, -1] > 2 * friction * normal
    # before a block slips, its contact creeps: shear wobbles as the load comes near the limit
    nearness = np.clip(load / (2 * friction * normal[:, None]), 0, 1.5)
    creep = tremor * nearness**3 * rng.normal(size=(n, ticks))
    squeeze = normal[:, None] * (1 + 0.02 * rng.normal(size=(n, ticks)))
    return np.stack([squeeze, load + creep], axis=2), slips.astype(int)


def early(traces, share):
    """The first part of every trace: a warning is of use only before the slip."""
    return traces[:, : int(share * traces.shape[1])]
