"""The simulated test rig: a pump, an accelerometer, a bearing that wears."""

import numpy as np


class Rig:
    """A pump at one load. Recordings are made one after the other, each with a bearing of random wear."""

    def __init__(self, spec, load, seed):
        self.spec = spec
        self.load = load
        self.rng = np.random.default_rng(seed)

    def record(self, n):
        """n recordings: log band energies of shape (n, bands), float32, and the wear depth in mm, float32."""
        spec, rng = self.spec, self.rng
        wear = rng.uniform(0.0, spec["max_wear"], n)
        band = np.arange(spec["bands"])[None, :]
        shaft = np.exp(-0.5 * ((band - 4) / 1.5) ** 2) * self.load
        defect = np.exp(-0.5 * ((band - 11 - 2.0 * wear[:, None]) / 2.0) ** 2) * np.sqrt(wear)[:, None]
        hiss = rng.gamma(2.0, spec["hiss"], (n, spec["bands"]))
        return np.log(shaft + defect + hiss).astype(np.float32), wear.astype(np.float32)
