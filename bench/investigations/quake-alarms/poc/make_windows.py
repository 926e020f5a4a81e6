# fake ground motion for the village stations
import numpy as np

L = 300


def make(n, seed, p_quake=0.08, p_truck=0.2):
    r = np.random.default_rng(seed)
    t = np.arange(L)
    g = r.normal(size=(n, L)) * r.lognormal(0, 0.3, (n, 1))
    q = r.random(n) < p_quake
    tr = r.random(n) < p_truck
    t0 = r.integers(L // 3, 2 * L // 3, n)[:, None]
    amp = r.lognormal(1.2, 0.5, n)[:, None]
    dt = (t - t0).clip(0)
    wave = (t >= t0) * np.exp(-dt / 40) * np.sin(2 * np.pi * 0.11 * dt)
    rumble = np.exp(-0.5 * ((t - t0) / 60) ** 2) * r.normal(size=(n, L))
    return g + q[:, None] * amp * 2 * wave + tr[:, None] * amp * 0.8 * rumble, q


def draw(trace, width=75, height=9):
    """a trace in characters, for looking at it over ssh"""
    v = trace[: len(trace) // width * width].reshape(width, -1)
    v = v[np.arange(width), abs(v).argmax(1)]
    row = np.rint((v - v.min()) / (v.max() - v.min()) * (height - 1)).astype(int)
    for k in reversed(range(height)):
        print("".join("#" if r == k else " " for r in row))


if __name__ == "__main__":
    g, q = make(2000, 0)
    print(g.shape, "quakes", q.sum(), "rms with %.2f without %.2f" % (g[q].std(), g[~q].std()))
    draw(g[q][0])
