"""gripper simulation, numpy only"""
import numpy as np

TICKS = 60
GRIP = 9.0
TREMOR = 0.4
EARLY = 0.6


def simulate(n, mu, kg, seed):
    r = np.random.default_rng(seed)
    fn = GRIP * r.lognormal(0, 0.35, n)
    jerk = r.lognormal(0, 0.3, n)
    bend = r.lognormal(0, 0.5, n)
    sh = 9.81 * kg * jerk[:, None] * np.linspace(0, 1, TICKS) ** bend[:, None]
    y = (sh[:, -1] > 2 * mu * fn).astype(int)
    near = (sh / (2 * mu * fn[:, None])).clip(0, 1.5)
    sh = sh + TREMOR * near**3 * r.normal(size=sh.shape)
    fn = fn[:, None] * (1 + 0.02 * r.normal(size=sh.shape))
    k = int(EARLY * TICKS)
    return fn[:, :k], sh[:, :k], y


def feats(fn, sh, wobble):
    q = sh / fn
    f = [q[:, -1], q[:, -1] - q[:, 0]]
    if wobble:
        f.append(np.log(np.diff(sh, 2, axis=1).std(1) + 1e-6))
    return np.array(f).T


if __name__ == "__main__":
    for mu in (0.3, 0.5, 0.7):
        for kg in (0.6, 0.8, 1.0):
            print(mu, kg, "slips: %.2f" % simulate(5000, mu, kg, 0)[2].mean())
